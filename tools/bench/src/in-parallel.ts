/** So many requests are under way at once, of people who ask and of bare applies. */
export const abreast = 16;

/** Does the work for every item, `abreast` of them at a time. */
export async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: abreast }, worker));
}
