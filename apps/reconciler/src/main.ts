import { runService } from '@runos/messaging';
import { reconcilerService } from './reconciler-service.js';

await runService(reconcilerService);
