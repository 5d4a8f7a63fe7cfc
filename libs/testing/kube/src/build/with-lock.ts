import { lock } from 'proper-lockfile';

/** Two builds of the same thing on one machine: the second waits for the first, half an hour at most. */
export async function withLock<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  const release = await lock(folder, {
    lockfilePath: `${folder}.${name}.lock`,
    stale: 15_000, // a killed builder's lock is taken over after this
    update: 3_000,
    retries: { retries: 3_600, factor: 1, minTimeout: 500, maxTimeout: 500 },
  });
  try {
    return await work();
  } finally {
    await release();
  }
}
