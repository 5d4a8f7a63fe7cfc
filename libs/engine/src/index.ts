export { type Backoff, exponentialBackoff, type ExponentialBackoffOptions, fixedDelays } from './backoff.js';
export { Batcher, type BatcherOptions } from './batcher.js';
export { ConcurrencyLimit, type ConcurrencyLimitOptions } from './concurrency-limit.js';
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
