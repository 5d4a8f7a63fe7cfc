import { runService } from '@runos/messaging';
import { configSetsService } from './config-sets-service.js';

await runService(configSetsService);
