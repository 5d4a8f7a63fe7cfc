/** The number of concurrent requests, of clients and of bare applies. */
export const concurrency = 16;

/** Runs the work for every item, `concurrency` of them at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const remaining = items.values();
  const worker = async (): Promise<void> => {
    for (const item of remaining) await work(item);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
