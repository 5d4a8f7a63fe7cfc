import { type Child } from './start-child.js';

/**
 * Waits for a child's readiness. Throws with its last words when it ends instead, or when `ready` gives up;
 * in both cases nothing is left running.
 */
export async function readyOrEnded(child: Child, ready: Promise<void>): Promise<void> {
  const ended = child.ended.then((how) => {
    throw new Error(how);
  });
  try {
    await Promise.race([ready, ended]);
  } catch (error) {
    await child.stop();
    throw new Error(`${child.name} did not get ready: ${(error as Error).message}\n${child.lastWords()}`, {
      cause: error,
    });
  } finally {
    ended.catch(() => undefined); // its end after readiness is the caller's to watch, through child.ended
    ready.catch(() => undefined);
  }
}
