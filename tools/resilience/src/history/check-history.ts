import { checkInstances } from './check-instances.js';
import { checkJobs, completedJobs } from './check-jobs.js';
import type { RecordedHistory } from './recorded-history.js';
import type { Violation } from './violation.js';

/**
 * The contradictions in what clients received. Every acknowledged write is visible, no state goes back, and a job has
 * one end, whichever replica responds. Returns the first contradiction of each instance or job to each rule.
 */
export function checkHistory(history: RecordedHistory): Violation[] {
  const first = new Map<string, Violation>();
  for (const violation of [...checkInstances(history, completedJobs(history)), ...checkJobs(history)]) {
    const key = `${violation.subject} ${violation.rule}`;
    if (!first.has(key)) first.set(key, violation);
  }
  return [...first.values()];
}
