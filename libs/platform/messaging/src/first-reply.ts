/**
 * The first answer of several tries, a new one begun every `everyMs` while none has answered and `end` (by
 * `performance.now()`) is further away than that. A try that fails while others are under way is forgotten; the last
 * one under way that fails ends it.
 */
export function firstReply<T>(tryOnce: () => Promise<T>, everyMs: number, end: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let underWay = 0;
    let timer: NodeJS.Timeout | undefined;
    const begin = () => {
      underWay += 1;
      timer = end - performance.now() > everyMs ? setTimeout(begin, everyMs) : undefined;
      tryOnce().then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (error: unknown) => {
          underWay -= 1;
          if (underWay > 0) return;
          clearTimeout(timer);
          reject(error as Error);
        },
      );
    };
    begin();
  });
}
