import { runService } from '@runos/messaging';
import { catalogService } from './catalog-service.js';

await runService(catalogService);
