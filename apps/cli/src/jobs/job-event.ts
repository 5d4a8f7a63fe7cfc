import type { Job, JobLog, WorkItem } from '@runos/api';

/** A change of a job that is followed. */
export type JobEvent =
  | { readonly event: 'job'; readonly data: Job }
  | { readonly event: 'workitem'; readonly data: WorkItem }
  | { readonly event: 'log'; readonly data: JobLog };

const finalStatuses: readonly string[] = ['completed', 'failed', 'cancelled'];
export const hasEnded = ({ status }: Pick<Job, 'status'>): boolean => finalStatuses.includes(status);
