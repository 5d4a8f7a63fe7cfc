import type { ServiceProgram } from '@runos/messaging';
import { gatewayConfig } from './gateway-config.js';
import { GatewayModule } from './gateway.module.js';
import { prepareHttp } from './http/prepare-http.js';

/** The public HTTP API as a program. */
export const gateway: ServiceProgram<typeof gatewayConfig.shape> = {
  name: 'gateway',
  config: gatewayConfig,
  module: (config) => GatewayModule.with(config),
  http: (config) => ({
    host: config.httpHost,
    port: config.httpPort,
    options: { bodyParser: false },
    prepare: (app) => prepareHttp(app, config),
  }),
};
