import { CreateSchema1800000000001 } from './0001-create-schema.js';
import { IndexEndedJobs1800000000002 } from './0002-index-ended-jobs.js';

/** In the order in which they run. */
export const migrations = [CreateSchema1800000000001, IndexEndedJobs1800000000002];
