import { join } from 'node:path';
import { readPrivateFile, writePrivateFile } from './private-file.js';

/** `cache.json`, which other programs share. */
interface Cache {
  readonly entries?: Readonly<Record<string, { readonly value: string; readonly expires_at: string }>>;
}

/** The values of `cache.json` by name. Entries of other programs stay as they are. */
export class CacheFile {
  readonly #file: string;

  constructor(folder: string) {
    this.#file = join(folder, 'cache.json');
  }

  /** The value, also one that has expired. */
  value(name: string): string | undefined {
    return this.#read().entries?.[name]?.value;
  }

  isFresh(name: string, now: Date): boolean {
    const entry = this.#read().entries?.[name];
    return entry !== undefined && new Date(entry.expires_at) > now;
  }

  /** Replaces these values. Each counts for its time, ms. @throws CliError when the file cannot be written */
  write(values: Readonly<Record<string, { readonly value: string; readonly ms: number }>>, now: Date): void {
    const known = this.#read();
    const added = Object.entries(values).map(([name, { value, ms }]) => {
      return [name, { value, expires_at: new Date(+now + ms).toISOString() }] as const;
    });
    writePrivateFile(
      this.#file,
      JSON.stringify({ ...known, entries: { ...known.entries, ...Object.fromEntries(added) } }),
    );
  }

  #read(): Cache {
    try {
      return JSON.parse(readPrivateFile(this.#file) ?? '{}') as Cache;
    } catch {
      return {}; // cut off: what it held is looked for again
    }
  }
}
