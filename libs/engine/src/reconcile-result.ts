/** How one reconcile of a key ended. The work queue derives from it when it reconciles the key next. */
export type ReconcileResult =
  | { readonly kind: 'reconciled'; readonly requeueAfterMs?: number }
  | { readonly kind: 'requeue'; readonly reason: string; readonly requeueAfterMs?: number }
  | { readonly kind: 'error'; readonly cause: unknown }
  | { readonly kind: 'terminal'; readonly reason: string };

/** Live and desired state agree. Reconciles again after `requeueAfterMs`, or only when the key is added. */
export const reconciled = (requeueAfterMs?: number): ReconcileResult => ({ kind: 'reconciled', requeueAfterMs });

/** Healthy, but the next step depends on another party. Without `requeueAfterMs` an event must add the key. */
export const requeue = (reason: string, requeueAfterMs?: number): ReconcileResult => ({
  kind: 'requeue',
  reason,
  requeueAfterMs,
});

/** Failed for now. The queue's back-off picks the delay of the next attempt. */
export const retryAfterError = (cause: unknown): ReconcileResult => ({ kind: 'error', cause });

/** A retry cannot help. Only another desired state can, and that adds the key. */
export const terminal = (reason: string): ReconcileResult => ({ kind: 'terminal', reason });
