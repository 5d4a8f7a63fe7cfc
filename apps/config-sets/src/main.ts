import { runService } from '@runos/messaging';
import { configSetsService } from './module.js';

await runService(configSetsService);
