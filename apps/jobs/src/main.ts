import { runService } from '@runos/messaging';
import { jobsService } from './module.js';

await runService(jobsService);
