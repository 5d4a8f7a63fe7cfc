export { agentGatewayConfig, type AgentGatewayConfig } from './agent-gateway-config.js';
export { AgentGatewayModule } from './agent-gateway.module.js';
