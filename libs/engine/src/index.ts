export {
  type Backoff,
  type ConflictAttempt,
  ConflictBackoff,
  type ConflictBackoffOptions,
  conflictDelaysMs,
  conflictResetMs,
  contestedFromAttempt,
  exponentialBackoff,
  type ExponentialBackoffOptions,
  fixedDelays,
} from './backoff.js';
export { Batcher, type BatcherOptions } from './batcher.js';
export {
  reconciled,
  type ReconcileResult,
  requeue,
  retryAfterError,
  terminal,
  WorkQueue,
  type WorkQueueOptions,
} from './work-queue.js';
