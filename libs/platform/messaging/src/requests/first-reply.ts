/**
 * The first reply of repeated attempts: a new attempt starts every `everyMs` until a reply arrives or `end` (by
 * `performance.now()`) is closer than that. A failed attempt is ignored while others run; the failure of the last one
 * rejects.
 */
export function firstReply<T>(attempt: () => Promise<T>, everyMs: number, end: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let running = 0;
    let timer: NodeJS.Timeout | undefined;
    const start = () => {
      running += 1;
      timer = end - performance.now() > everyMs ? setTimeout(start, everyMs) : undefined;
      attempt().then(
        (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        (error: unknown) => {
          running -= 1;
          if (running > 0) return;
          clearTimeout(timer);
          reject(error as Error);
        },
      );
    };
    start();
  });
}
