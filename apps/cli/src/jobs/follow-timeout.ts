/** How long a job is followed, ms. */
const followMs = 30 * 60 * 1_000;

export const timeoutText = 'The job has not ended within 30 minutes.';

/** Aborts with the given signal, or when the job has been followed for too long. */
export function withTimeout(stop: AbortSignal): { readonly signal: AbortSignal; readonly isTimeout: () => boolean } {
  const timeout = AbortSignal.timeout(followMs);
  return { signal: AbortSignal.any([stop, timeout]), isTimeout: () => timeout.aborted };
}
