let pending: Promise<void> | undefined;

/**
 * Resolves after the current events of the event loop, for all waiting callers at once. Their messages then leave in one
 * socket write, which is the most expensive part of a reply.
 */
export function nextEventLoopTick(): Promise<void> {
  return (pending ??= new Promise((resolve) =>
    setImmediate(() => {
      pending = undefined;
      resolve();
    }),
  ));
}
