import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder, withLock } from '@runos/testing-kube';

/** A file that is made once for all checkouts of this user. */
export interface CachedFile {
  /** Letters, digits, dots and dashes: `valkey-8.1.11`. */
  readonly name: string;
  /** Everything that changes the content. */
  readonly ingredients: unknown;
  /** Writes the file to `target`. Whatever else it writes to `folder` is deleted afterwards. */
  readonly make: (target: string, folder: string) => Promise<void>;
}

/** How long an unused file stays, ms. A cluster imports an archive within minutes after it was made. */
const unusedMs = 3600 * 1000;

/** The file if it was made before, else the newly made one. One process makes it; others wait for it. */
export async function cachedFile({ name, ingredients, make }: CachedFile): Promise<string> {
  const folder = join(cacheFolder(), 'images', name); // one lock each, so that several images are made at once
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${keyOf(ingredients)}.tar`);
  if (!existsSync(file)) {
    await withLock(folder, 'making', async () => {
      if (!existsSync(file)) await makeInPlace(file, make);
      await deleteUnused(folder, file);
    });
  }
  const now = new Date();
  await utimes(file, now, now); // the time of its last use
  return file;
}

/** Changes whenever the file would change. */
export const keyOf = (ingredients: unknown): string =>
  createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 16);

async function makeInPlace(file: string, make: CachedFile['make']): Promise<void> {
  const folder = `${file}.building`; // the lock admits one builder, so an existing folder belongs to a killed one
  await remove(folder);
  await mkdir(folder, { mode: 0o755 });
  try {
    const target = join(folder, 'target.tar');
    await make(target, folder);
    await rename(target, file);
  } finally {
    await remove(folder);
  }
}

/** Retries for a second, because processes of a killed builder may still write. */
const remove = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });

/** Deletes files that no checkout has used for an hour: an image of our own code changes often. */
async function deleteUnused(folder: string, file: string): Promise<void> {
  const { mtimeMs: now } = await stat(file);
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    if (path === file || !entry.endsWith('.tar')) continue;
    if (now - (await stat(path)).mtimeMs > unusedMs) await rm(path, { force: true });
  }
}
