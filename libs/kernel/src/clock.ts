/** Time as a port, so that tests control it. */
export interface Clock {
  /** Wall-clock time, for timestamps. It may be stepped at any time, so durations are never measured with it. */
  now(): Date;
  /** Milliseconds since an arbitrary moment. It never steps: durations and deadlines are measured with it. */
  monotonicMs(): number;
  /** Resolves early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    }),
};
