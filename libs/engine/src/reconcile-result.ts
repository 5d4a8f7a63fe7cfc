/** How one turn of a loop ended, and so when the next one is due. */
export type ReconcileResult =
  | { readonly kind: 'settled'; readonly recheckInMs?: number }
  | { readonly kind: 'waiting'; readonly reason: string; readonly recheckInMs?: number }
  | { readonly kind: 'retrying'; readonly cause: unknown }
  | { readonly kind: 'stalled'; readonly reason: string };

/** The world agrees; look again after `recheckInMs`, or only when something changes. */
export const reconciled = (recheckInMs?: number): ReconcileResult => ({ kind: 'settled', recheckInMs });

/** Healthy, but the next move is somebody else's. */
export const requeue = (reason: string, recheckInMs?: number): ReconcileResult => ({
  kind: 'waiting',
  reason,
  recheckInMs,
});

/** Broken for now; the queue's back-off picks the delay. */
export const retryAfterError = (cause: unknown): ReconcileResult => ({ kind: 'retrying', cause });

/** Trying again cannot help: only a new wish can. */
export const terminal = (reason: string): ReconcileResult => ({ kind: 'stalled', reason });
