/** The progress of a running wave. `First` identifies an instance. */
export interface WaveProgress<First> {
  readonly maxUnavailable: number;
  /** How many instances have an open job. */
  readonly running: number;
  /** The first failed instance, and the first one that has not started. */
  readonly failed: First | undefined;
  readonly pending: First | undefined;
}

/** `start` one instance, `fail` or `complete` the wave, or `wait` for the end of a job. */
type WaveStep<First> =
  { readonly kind: 'start' | 'fail'; readonly instance: First } | { readonly kind: 'complete' | 'wait' };

/** The next step of a running wave. After each step but `wait`, the progress is read again. */
export function nextStep<First>({ maxUnavailable, running, failed, pending }: WaveProgress<First>): WaveStep<First> {
  if (failed !== undefined) return { kind: 'fail', instance: failed };
  if (pending === undefined) return { kind: running === 0 ? 'complete' : 'wait' };
  return running < maxUnavailable ? { kind: 'start', instance: pending } : { kind: 'wait' };
}
