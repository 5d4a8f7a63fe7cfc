export { agentGatewayService } from './module.js';
