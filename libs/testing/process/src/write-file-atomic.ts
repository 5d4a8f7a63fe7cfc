import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Readers see the old content or the new, never a half; `mode` holds also where the umask is wider. */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  const fresh = `${path}.${process.pid}.new`;
  writeFileSync(fresh, content, { mode });
  chmodSync(fresh, mode);
  renameSync(fresh, path);
}
