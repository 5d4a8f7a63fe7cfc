import { runService } from '@runos/messaging';
import { jobsService } from './jobs-service.js';

await runService(jobsService);
