/** Resolves when one of these signals has aborted. */
export async function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const done = new AbortController();
  await new Promise<void>((resolve) => {
    for (const signal of signals) {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { signal: done.signal });
    }
  });
  done.abort();
}
