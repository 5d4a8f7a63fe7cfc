import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildArchive } from './build-archive.js';

const reference = 'registry.example.org/team/tool:1.2.3';
const config = { User: '26:26', Env: ['PATH=/usr/bin'], Entrypoint: ['/tool'] };
const owner = { uid: 26, gid: 27 };

interface Blob {
  readonly digest: string;
  readonly size: number;
}

describe('an archive', () => {
  let folder: string;
  let files: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-archive-'));
    files = join(folder, 'files');
    mkdirSync(join(files, 'etc'), { recursive: true });
    writeFileSync(join(files, 'tool'), '#!/bin/sh\n', { mode: 0o755 });
    chmodSync(join(files, 'tool'), 0o755);
    writeFileSync(join(files, 'etc', 'tool.conf'), 'a = 1\n');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const build = async (name: string) => {
    const file = join(folder, name);
    await buildArchive({ reference, layers: [{ folder: files, owner }], config }, file);
    return file;
  };
  const unpack = (archive: string): string => {
    const target = mkdtempSync(join(folder, 'unpacked-'));
    execFileSync('tar', ['-C', target, '-xf', archive]);
    return target;
  };

  it('links index, manifest, configuration and layers by correct digests and sizes', async () => {
    const layout = unpack(await build('one.tar'));
    const read = ({ digest, size }: Blob): Buffer => {
      const content = readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
      expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([digest.slice(7), size]);
      return content;
    };
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { readonly manifests: Blob[] };
    expect(index.manifests).toMatchObject([{ annotations: { 'io.containerd.image.name': reference } }]);
    const manifest = JSON.parse(String(read(index.manifests[0] as Blob))) as {
      readonly config: Blob;
      readonly layers: Blob[];
    };
    const image = JSON.parse(String(read(manifest.config))) as object;
    expect(image).toMatchObject({ os: 'linux', config, rootfs: { diff_ids: manifest.layers.map((l) => l.digest) } });
    const listed = execFileSync('tar', ['-tv', '--numeric-owner', '-f', '-'], {
      input: read(manifest.layers[0] as Blob),
    });
    expect(String(listed)).toMatch(/^-rwxr-xr-x 26\/27 .* tool$/m);
    expect(String(listed)).not.toMatch(/ \.\/?$/m);
    expect(readFileSync(join(layout, 'oci-layout'), 'utf8')).toBe('{"imageLayoutVersion":"1.0.0"}');
  });

  it('has the same bytes for the same files at another time', async () => {
    const first = readFileSync(await build('one.tar'));
    utimesSync(join(files, 'tool'), 1, 1);
    expect(readFileSync(await build('two.tar')).equals(first)).toBe(true);
    writeFileSync(join(files, 'tool'), '#!/bin/sh\nexit 1\n');
    expect(readFileSync(await build('three.tar')).equals(first)).toBe(false);
  });

  it('takes a tar file as a layer without a change', async () => {
    const tar = join(folder, 'layer.tar');
    execFileSync('tar', ['-C', files, '-cf', tar, 'etc']);
    const archive = join(folder, 'one.tar');
    await buildArchive({ reference, layers: [{ tar }, { folder: files }], config }, archive);
    const digest = createHash('sha256').update(readFileSync(tar)).digest('hex');
    expect(readdirSync(join(unpack(archive), 'blobs', 'sha256'))).toContain(digest);
  });

  it('leaves no files when it is aborted or a layer does not exist', async () => {
    const archive = join(folder, 'one.tar');
    const spec = { reference, layers: [{ folder: files }], config };
    await expect(buildArchive(spec, archive, AbortSignal.abort())).rejects.toThrow(/abort/);
    const missing = { ...spec, layers: [{ folder: join(folder, 'missing') }] };
    await expect(buildArchive(missing, archive)).rejects.toThrow(/missing/);
    expect(readdirSync(folder)).toEqual(['files']);
  });
});
