import { runService } from '@runos/messaging';
import { agentGatewayService } from './module.js';

await runService(agentGatewayService);
