import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CachedFile, cachedFile } from './image-cache.js';

describe('a cached file', () => {
  const before = process.env.XDG_CACHE_HOME;
  let folder: string;
  let made: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'runos-image-cache-'));
    process.env.XDG_CACHE_HOME = folder;
    made = 0;
  });
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = before;
    rmSync(folder, { recursive: true, force: true });
  });

  const file = (ingredients: unknown): CachedFile => ({
    name: 'tool-1.2',
    ingredients,
    make: async (target, work) => {
      made += 1;
      writeFileSync(join(work, 'intermediate'), '');
      await new Promise((resolve) => setTimeout(resolve, 50));
      writeFileSync(target, JSON.stringify(ingredients));
    },
  });

  it('is made once, by one of several callers, and without intermediate files', async () => {
    const paths = await Promise.all([cachedFile(file(['a'])), cachedFile(file(['a'])), cachedFile(file(['a']))]);
    expect(new Set(paths).size).toBe(1);
    expect(made).toBe(1);
    expect(await cachedFile(file(['a']))).toBe(paths[0]);
    expect(made).toBe(1);
    expect(readdirSync(dirname(paths[0] as string))).toHaveLength(1);
  });

  it('is another file for other ingredients', async () => {
    const one = await cachedFile(file({ packages: ['valkey'] }));
    const two = await cachedFile(file({ packages: ['valkey', 'locales'] }));
    expect(two).not.toBe(one);
    expect(readFileSync(two, 'utf8')).toBe('{"packages":["valkey","locales"]}');
  });

  it('leaves nothing when it cannot be made, and is made by the next caller', async () => {
    const broken = { ...file(['a']), make: () => Promise.reject(new Error('no mirror')) };
    await expect(cachedFile(broken)).rejects.toThrow('no mirror');
    expect(readdirSync(join(folder, 'runos', 'images', 'tool-1.2'))).toEqual([]);
    expect(readFileSync(await cachedFile(file(['a'])), 'utf8')).toBe('["a"]');
  });

  it('replaces those of its name that were not used for an hour', async () => {
    const [old, recent] = [await cachedFile(file(['old'])), await cachedFile(file(['recent']))];
    const hourBefore = Date.now() / 1000 - 2 * 3600;
    utimesSync(old, hourBefore, hourBefore);
    const latest = await cachedFile(file(['new']));
    expect(
      readdirSync(dirname(latest))
        .map((name) => join(dirname(latest), name))
        .sort(),
    ).toEqual([recent, latest].sort());
  });
});
