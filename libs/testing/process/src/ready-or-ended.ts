import { type Child } from './start-child.js';

/**
 * Waits for a child's readiness; `ready` gives up when its signal aborts, and so does the whole when the caller's
 * does. Throws with its last words when it ends instead, or when `ready` gives up;
 * in both cases nothing is left running.
 */
export async function readyOrEnded(
  child: Child,
  ready: (signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const readiness = ready(signal ? AbortSignal.any([over.signal, signal]) : over.signal);
  const ended = child.ended.then((how) => {
    throw new Error(how);
  });
  try {
    await Promise.race([readiness, ended]);
  } catch (error) {
    await child.stop();
    throw new Error(`${child.name} did not get ready: ${(error as Error).message}\n${child.lastWords()}`, {
      cause: error,
    });
  } finally {
    ended.catch(() => undefined); // its end after readiness is the caller's to watch, through child.ended
    readiness.catch(() => undefined);
    over.abort();
  }
}
