export interface Deadline {
  readonly signal: AbortSignal;
  /** True if it was the time that ran out, not the caller who gave up. */
  expired(): boolean;
  clear(): void;
}

/** One signal that fires after `ms` or with `outer`. (AbortSignal.any keeps every child of a long-lived signal alive.) */
export function deadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let late = false;
  const give = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, ms);
  if (outer?.aborted) give();
  outer?.addEventListener('abort', give, { once: true });
  return {
    signal: controller.signal,
    expired: () => late,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', give);
    },
  };
}
