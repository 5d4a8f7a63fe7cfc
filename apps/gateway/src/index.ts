export { gateway } from './gateway.js';
export { type GatewayConfig, gatewayConfig } from './gateway-config.js';
