import { runService } from '@runos/messaging';
import { catalogService } from './module.js';

await runService(catalogService);
