import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeFileAtomic } from '@runos/testing-process';

/**
 * The indexes of persistent clusters. The objects of such a cluster hold its addresses, so it needs the same index at each
 * start. A reservation outlives a stop and a restart of the machine; it ends when the data folder is deleted.
 */
export class ReservedIndexes {
  constructor(private readonly file: string) {}

  /** The indexes that clusters in other data folders need again. */
  ofOthers(dataDir: string): Set<number> {
    return new Set(this.#read().flatMap(([index, owner]) => (owner === dataDir ? [] : [index])));
  }

  /** Reserves an index for the cluster in this folder, which gives up its earlier one. */
  reserve(index: number, dataDir: string): void {
    const others = this.#read().filter(([reserved, owner]) => reserved !== index && owner !== dataDir);
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileAtomic(this.file, JSON.stringify(Object.fromEntries([...others, [index, dataDir]]), null, 2));
  }

  #read(): [index: number, dataDir: string][] {
    if (!existsSync(this.file)) return [];
    const owners = JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, string>;
    return Object.entries(owners).flatMap(([index, dataDir]) =>
      existsSync(dataDir) ? [[Number(index), dataDir]] : [],
    );
  }
}
