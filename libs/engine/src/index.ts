export { type Backoff, exponentialBackoff, type ExponentialBackoffOptions, fixedDelays } from './backoff.js';
export { Batcher, type BatcherOptions } from './batcher.js';
export {
  type ConflictAttempt,
  ConflictBackoff,
  type ConflictBackoffOptions,
  conflictDelaysMs,
  conflictResetMs,
  contestedFromAttempt,
} from './conflict-backoff.js';
export {
  reconciled,
  type ReconcileResult,
  requeue,
  retryAfterError,
  terminal,
  WorkQueue,
  type WorkQueueOptions,
} from './work-queue.js';
