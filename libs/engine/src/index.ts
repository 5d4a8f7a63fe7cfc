export { type Backoff, exponentialBackoff, type ExponentialBackoffOptions, fixedDelays } from './backoff.js';
export { Batcher, type BatcherOptions } from './batcher.js';
export {
  contestedFromAttempt,
  type ConflictBackoffOptions,
  ConflictBackoff,
  conflictResetMs,
  conflictDelaysMs,
  type ConflictAttempt,
} from './conflict-backoff.js';
export { retryAfterError, reconciled, terminal, type ReconcileResult, requeue } from './reconcile-result.js';
export { WorkQueue, type WorkQueueOptions } from './work-queue.js';
