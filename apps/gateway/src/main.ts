import { runService } from '@runos/messaging';
import { gatewayService } from './module.js';

await runService(gatewayService);
