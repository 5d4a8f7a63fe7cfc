export interface Deadline {
  readonly signal: AbortSignal;
  /** True if the timeout caused the abort, not the caller. */
  timedOut(): boolean;
  clear(): void;
}

/** A signal that aborts after `ms` or with `outer`. AbortSignal.any would leak: a long-lived signal keeps its children. */
export function deadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let timedOut = false;
  const forward = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, ms);
  if (outer?.aborted) forward();
  outer?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', forward);
    },
  };
}
