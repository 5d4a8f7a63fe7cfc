import type { TransactionOptions } from '@runos/persistence';

/** What many are written together for may be locked by one who was stopped: then each is tried alone, soon. */
const lockTimeoutMs = 250;

/** How long a transaction for all of these may wait for somebody else's lock. */
export const patienceFor = (items: readonly unknown[]): TransactionOptions =>
  items.length > 1 ? { lockTimeoutMs } : {};
