import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { latestRenderer, serviceType, serviceTypes } from '@runos/service-types';
import { debianImage, type DebianImage, hasVersion } from './debian-image.js';
import { serviceImages } from './service-images.js';

describe('the images of the catalog', () => {
  const images = serviceImages();

  it('have the registry, repository and tag of the latest renderers', () => {
    for (const { type, version, reference } of images) {
      const definition = serviceType(type);
      const image = definition.renderers[latestRenderer(definition)]?.images[version];
      expect(reference).toBe(`${image?.registry}/${image?.repository}:${image?.tag}`);
    }
    expect(new Set(images.map(({ type }) => type))).toEqual(new Set(serviceTypes.map(({ type }) => type)));
  });

  it.each(['postgresql', 'rabbitmq', 'valkey'])('can be made for the default version of %s', (type) => {
    const { defaultVersion } = serviceType(type);
    expect(images.find((each) => each.type === type && each.version === defaultVersion)?.make).toBeDefined();
  });

  it('name the reason where they cannot be made', () => {
    const [postgresql16] = images.filter(({ type, version }) => type === 'postgresql' && version === '16');
    expect(postgresql16).toMatchObject({ reason: 'Debian trixie has postgresql 17, not 16' });
    for (const { make, reason } of images) expect(make === undefined).toBe(reason !== undefined);
  });
});

describe('the version of an installed package', () => {
  const check = (installed: string): void => {
    const fake = `chroot() { echo '${installed}'; }; ${hasVersion('tool-server', '8.1')}`;
    execFileSync('sh', ['-c', fake, 'sh', '/root'], { stdio: ['ignore', 'ignore', 'pipe'] });
  };
  it.each(['8.1.3+dfsg1-3', '8.1-1', '1:8.1.3-2'])('%s is accepted for 8.1', (installed) => {
    expect(() => check(installed)).not.toThrow();
  });
  it.each(['8.10.1-1', '8.2.0-1', '18.1.0-1', '8:1.1-1', ''])('%s is refused for 8.1', (installed) => {
    expect(() => check(installed)).toThrow(`Debian trixie has tool-server ${installed}, not 8.1`);
  });
});

describe('an image of packages', () => {
  const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  const image: DebianImage = {
    packages: ['tool-server'],
    user: { name: 'tool', uid: 999, gid: 999, home: '/data' },
    files: { '/usr/local/bin/start.sh': '#!/bin/sh\n' },
    config: { User: '999' },
  };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-service-images-'));
    process.env.XDG_CACHE_HOME = folder;
    process.env.PATH = `${folder}:${before.PATH}`;
    for (const [name, content] of Object.entries(otherPrograms)) program(name, content);
    program(
      'mmdebstrap',
      `echo "$@" >> ${folder}/runs\nfor each; do case "$each" in */root.tar) tar -cf "$each" -T /dev/null ;; esac; done`,
    );
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });
  /** They work for ordinary users too, who may not make namespaces. */
  const otherPrograms = {
    'apt-config': 'echo',
    'apt-get': 'echo',
    unshare: 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
  };
  const program = (name: string, content: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${content}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const make = (changed: Partial<DebianImage> = {}, signal?: AbortSignal) =>
    debianImage('example.org/tool:1.2.3', '1.2', { ...image, ...changed }, { signal });
  const runs = (): string[] => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n');

  it('is made again only when its packages, files or configuration change', async () => {
    const first = await make();
    expect(await make()).toBe(first);
    const others = [
      await make({ packages: ['tool-server', 'locales'] }),
      await make({ files: {} }),
      await make({ config: { User: '26' } }),
      await make({ user: { ...image.user, uid: 26 } }),
    ];
    expect(new Set([first, ...others]).size).toBe(5);
    expect(runs()).toHaveLength(5);
    expect(runs()[0]).toContain('--include=tool-server ');
  });

  it('reports the last lines of mmdebstrap', async () => {
    program('mmdebstrap', 'echo "E: Unable to locate package tool-server" >&2; exit 100');
    await expect(make()).rejects.toThrow('mmdebstrap ended with code 100:\nE: Unable to locate package tool-server');
  });

  it('ends mmdebstrap when it is aborted', async () => {
    program('mmdebstrap', 'exec sleep 60');
    await expect(make({}, AbortSignal.timeout(300))).rejects.toThrow(/aborted/);
  });
});
