import { CreateJobs1780000000001 } from './create-jobs.js';
import { NoticeWhatIsMissing1780000000002 } from './notice-what-is-missing.js';

/** In the order in which they run. */
export const migrations = [CreateJobs1780000000001, NoticeWhatIsMissing1780000000002];
