export { type Backoff, exponential, type ExponentialBackoff, stepped } from './backoff.js';
export { Batcher, type BatcherOptions } from './batcher.js';
export { contestedFromRound, type FightOptions, Fights, fightQuietMs, fightStepsMs, type Round } from './fights.js';
export { retrying, settled, stalled, type Verdict, waiting } from './verdict.js';
export { WorkQueue, type WorkQueueOptions } from './work-queue.js';
