import { runService } from '@runos/messaging';
import { identityService } from './module.js';

await runService(identityService);
