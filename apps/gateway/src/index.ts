export { gatewayService } from './module.js';
export { type GatewayConfig, gatewayConfig } from './config.js';
