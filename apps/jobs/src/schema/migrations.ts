import { CreateJobs1780000000001 } from './create-jobs.js';

/** In the order in which they run. */
export const migrations = [CreateJobs1780000000001];
