import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, link, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { architecture, type ImageConfig, imageDocuments, type StoredBlob } from './image-documents.js';

/** A folder whose files belong to `owner`, root by default; or a tar file that is taken as it is. */
export type Layer = { readonly folder: string; readonly owner?: Owner } | { readonly tar: string };

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface ArchiveSpec {
  /** The full reference under which `ctr images import` stores the image: `docker.io/library/rabbitmq:4.0.9`. */
  readonly reference: string;
  /** The lowest layer first. */
  readonly layers: readonly Layer[];
  readonly config: ImageConfig;
}

const run = promisify(execFile);

/** Without times, names of users and the order of the file system, equal files give equal bytes. */
const reproducible = ['--format=gnu', '--sort=name', '--mtime=@0', '--numeric-owner'];

/**
 * Writes an OCI image layout as a tar file, which `ctr images import` and skopeo read. Equal input gives equal bytes.
 * The layers are not compressed, because the archive stays on this machine.
 * @param file the archive; its folder also holds the intermediate files
 * @returns the digest of the image's manifest
 */
export async function buildArchive(spec: ArchiveSpec, file: string, signal?: AbortSignal): Promise<string> {
  const layout = await mkdtemp(`${file}.layout-`);
  try {
    const blobs = join(layout, 'blobs', 'sha256');
    await mkdir(blobs, { recursive: true });
    const layers: StoredBlob[] = [];
    for (const layer of spec.layers) layers.push(await storeLayer(layer, blobs, signal));
    const { documents, index, manifestDigest } = imageDocuments(spec.reference, spec.config, layers, architecture());
    for (const [name, content] of documents) await writeFile(join(blobs, name), content);
    await writeFile(join(layout, 'index.json'), index);
    await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
    const owner = ['--owner=0', '--group=0', '--mode=u=rwX,go=rX'];
    const archive = `${layout}.tar`;
    await run('tar', [...reproducible, ...owner, '-C', layout, '-cf', archive, 'oci-layout', 'index.json', 'blobs'], {
      signal,
    });
    await rename(archive, file);
    return manifestDigest;
  } finally {
    await rm(layout, { recursive: true, force: true });
    await rm(`${layout}.tar`, { force: true });
  }
}

async function storeLayer(layer: Layer, blobs: string, signal?: AbortSignal): Promise<StoredBlob> {
  const temporary = join(blobs, 'layer.tar');
  if ('tar' in layer) {
    await link(layer.tar, temporary).catch(() => copyFile(layer.tar, temporary)); // another file system
  } else {
    const { uid, gid } = layer.owner ?? { uid: 0, gid: 0 };
    const owner = [`--owner=:${uid}`, `--group=:${gid}`];
    // Not the folder itself: its mode would become that of the image's root.
    const names = (await readdir(layer.folder)).sort();
    await run('tar', [...reproducible, ...owner, '-C', layer.folder, '-cf', temporary, '--', ...names], { signal });
  }
  const hash = createHash('sha256');
  for await (const part of createReadStream(temporary, { signal })) hash.update(part as Buffer);
  const digest = hash.digest('hex');
  const { size } = await stat(temporary);
  await rename(temporary, join(blobs, digest));
  return { digest: `sha256:${digest}`, size };
}
