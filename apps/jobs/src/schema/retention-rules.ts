import { dayMs } from '@runos/kernel';
import type { RetentionRule } from '@runos/persistence';
import type { JobsConfig } from '../config.js';
import { JobRepository } from '../jobs/job-repository.js';

/** What this service deletes after a while: jobs some time after their end, except the last one of each instance. */
export const retentionRules = ({ jobKeepDays }: Pick<JobsConfig, 'jobKeepDays'>): readonly RetentionRule[] => [
  {
    table: 'job',
    deleteBatch: (sql, after) => new JobRepository().deleteExpired(sql, jobKeepDays * dayMs, after),
  },
];
