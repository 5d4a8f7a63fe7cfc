import { runService } from '@runos/messaging';
import { reconcilerService } from './module.js';

await runService(reconcilerService);
