import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { buildNatsServer, progressLines } from './build.js';
import { cacheFolder, withLock } from './toolbox.js';
import { buildFlags, builtName, buildKey, programs } from './recipe.js';

describe('the build of the programs', () => {
  const before = { PATH: process.env.PATH, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME };
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-build-'));
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('reports in one sentence that Go is missing', async () => {
    process.env.XDG_CACHE_HOME = folder;
    process.env.PATH = '';
    await expect(buildNatsServer()).rejects.toThrow(
      /^Go is not on PATH, and nats-server and Kubernetes are built with it/,
    );
  });

  it('reports the errors of Go, and leaves no partial build', async () => {
    process.env.XDG_CACHE_HOME = folder;
    const go = join(folder, 'go');
    writeFileSync(go, '#!/bin/sh\necho "go: downloading example.com/x v1" >&2\necho "go: no such host" >&2\nexit 1\n');
    chmodSync(go, 0o755);
    process.env.PATH = `${folder}:${before.PATH}`;
    await expect(buildNatsServer()).rejects.toThrow(/^go list failed:\n.*\ngo: no such host$/);
  });

  it('uses existing programs without Go', async () => {
    process.env.XDG_CACHE_HOME = folder;
    process.env.PATH = '';
    const built = join(folder, 'runos', 'bin', buildKey());
    mkdirSync(built, { recursive: true });
    writeFileSync(join(built, 'nats-server'), '');
    expect(await buildNatsServer()).toBe(join(built, 'nats-server'));
  });

  it('falls back to the temporary folder when the cache folder cannot be created', () => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    const fallback = join(tmpdir(), `runos-cache-${userInfo().uid}`);
    const wasThere = existsSync(fallback);
    expect(cacheFolder({ XDG_CACHE_HOME: file })).toBe(fallback);
    if (!wasThere) rmSync(fallback, { recursive: true });
    expect(cacheFolder({ XDG_CACHE_HOME: folder })).toBe(join(folder, 'runos'));
  });

  it.each<[string, (fallback: string) => void]>([
    ['that others can write to', (fallback) => (mkdirSync(fallback), chmodSync(fallback, 0o777))],
    ['that is a link', (fallback) => symlinkSync(folder, fallback)],
  ])('uses no temporary folder %s', (_, create) => {
    const file = join(folder, 'not-a-folder');
    writeFileSync(file, '');
    create(join(folder, `runos-cache-${userInfo().uid}`));
    expect(() => cacheFolder({ XDG_CACHE_HOME: file }, folder)).toThrow(
      /other users can write to .*: set XDG_CACHE_HOME/,
    );
  });

  it('compiles the version of Kubernetes in, and computes the program names of go build', () => {
    expect(buildFlags().at(-1)).toMatch(/gitVersion=v1\.36\.\d+ .*gitMajor=1 .*gitMinor=36$/);
    expect(Object.values(programs).map(builtName).join()).toBe(
      'nats-server,server,kube-apiserver,kube-controller-manager,kube-scheduler,kubectl,kwok',
    );
  });

  it('admits one builder at a time', async () => {
    let inside = 0;
    const build = (): Promise<number> =>
      withLock(folder, 'test', async () => {
        inside += 1;
        await new Promise(setImmediate);
        const seen = inside;
        inside -= 1;
        return seen;
      });
    expect(await Promise.all([build(), build(), build()])).toEqual([1, 1, 1]);
  });

  it('summarizes the output of Go in a few lines', () => {
    const lines: string[] = [];
    let now = 0;
    const progress = progressLines(
      'Kubernetes',
      (line) => lines.push(line),
      () => now,
    );
    progress.line('go: downloading example.com/a v1');
    progress.line('go: downloading example.com/b v1');
    progress.expect(300);
    now = 5_000;
    for (let count = 0; count < 100; count += 1) progress.line(`example.com/package/${count}`);
    now = 10_000;
    progress.line('example.com/package/last');
    expect(lines).toEqual([
      'Kubernetes: modules downloaded: 1',
      'Kubernetes: compiling, 1 of 300 packages',
      'Kubernetes: compiling, 101 of 300 packages',
    ]);
  });
});
