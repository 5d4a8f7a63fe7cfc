import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './image-documents.js';

interface Digest {
  readonly digest: string;
}

interface Unpacked {
  /** The folder with the files of all layers. */
  readonly root: string;
  readonly config: ImageConfig;
}

/** Unpacks the layers of an archive into an empty folder as a container runtime does. For tests; needs root for owners. */
export function unpackArchive(archive: string, folder: string): Unpacked {
  const [layout, root] = [join(folder, 'layout'), join(folder, 'root')];
  for (const path of [layout, root]) mkdirSync(path);
  execFileSync('tar', ['-C', layout, '-xf', archive]);
  const blob = ({ digest }: Digest): string => join(layout, 'blobs', digest.replace(':', '/'));
  const read = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;
  const index = read<{ readonly manifests: readonly [Digest] }>(join(layout, 'index.json'));
  const manifest = read<{ readonly config: Digest; readonly layers: readonly Digest[] }>(blob(index.manifests[0]));
  for (const layer of manifest.layers) execFileSync('tar', ['-C', root, '--numeric-owner', '-xpf', blob(layer)]);
  return { root, config: read<{ readonly config: ImageConfig }>(blob(manifest.config)).config };
}
