import { chmodSync, renameSync, writeFileSync } from 'node:fs';

/** Readers see the old content or the new, never a part of it; `mode` holds even where the umask is wider. */
export function writeFileAtomic(path: string, content: string, mode = 0o600): void {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode });
  chmodSync(temporary, mode);
  renameSync(temporary, path);
}
