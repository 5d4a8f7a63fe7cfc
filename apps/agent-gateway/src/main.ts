import { runService } from '@runos/messaging';
import { agentGatewayConfig } from './agent-gateway-config.js';
import { AgentGatewayModule } from './agent-gateway.module.js';

await runService({
  name: 'agent-gateway',
  config: agentGatewayConfig,
  module: (config) => AgentGatewayModule.with(config),
});
