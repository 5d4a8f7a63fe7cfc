import { checkCoverage } from './check-coverage.js';
import { checkInstances } from './check-instances.js';
import { checkJobs } from './check-jobs.js';
import { checkWriteJobs } from './check-write-jobs.js';
import { instanceHistories } from './instance-history.js';
import { completedJobs, jobHistories } from './job-history.js';
import type { RecordedHistory } from './recorded-history.js';
import type { Violation } from './violation.js';

/**
 * The contradictions in what clients received. Every acknowledged write is visible, no state goes back, and a job has
 * one end, whichever replica responds. Returns the first contradiction of each instance or job to each rule, and what
 * makes the history too poor for a check.
 */
export function checkHistory(history: RecordedHistory): Violation[] {
  const first = new Map<string, Violation>();
  const instances = instanceHistories(history);
  const jobs = jobHistories(history);
  const completed = completedJobs(jobs);
  const all = [
    ...checkCoverage(history),
    ...checkInstances(history, instances, completed),
    ...checkJobs(history, jobs),
    ...checkWriteJobs(history, instances, completed),
  ];
  for (const violation of all) {
    const key = `${violation.subject} ${violation.rule}`;
    if (!first.has(key)) first.set(key, violation);
  }
  return [...first.values()];
}
