import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/**
 * Where everything built for this user lies, shared by all checkouts: XDG_CACHE_HOME, else ~/.cache, and where
 * neither can be written (a read-only home, a daemon user) the temporary folder.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const usual = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'runos');
  if (writable(usual)) return usual;
  const fallback = join(tmpdir(), `runos-cache-${userInfo().uid}`);
  if (writable(fallback)) return fallback;
  throw new Error(`Neither ${usual} nor ${fallback} can be written: set XDG_CACHE_HOME to a folder that can.`);
}

function writable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false; // the caller has another folder to try, and says which ones failed
  }
}
