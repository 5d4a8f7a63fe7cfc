let ending: Promise<void> | undefined;

/**
 * Resolves when the event loop has handled what has arrived by now, for everybody who waits at once: what they then
 * send leaves in one write instead of one each. Writing is the most expensive thing that answering does.
 */
export function nextEventLoopTurn(): Promise<void> {
  return (ending ??= new Promise((resolve) =>
    setImmediate(() => {
      ending = undefined;
      resolve();
    }),
  ));
}
