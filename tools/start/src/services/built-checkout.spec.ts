import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { builtCheckout, programOf } from './built-checkout.js';
import { parseOptions } from '../options.js';
import { services } from './services.js';

describe('a checkout whose build a plane is started from', () => {
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'runos-checkout-'));
  });
  afterEach(() => rmSync(checkout, { recursive: true }));
  const write = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
  };
  const build = (...left: readonly string[]): void => {
    mkdirSync(join(checkout, 'node_modules'), { recursive: true });
    const apps = [...services.map(({ name }) => name), 'cluster-agent', 'node-agent'];
    for (const app of apps) write(programOf(checkout, app, 'main'));
    for (const { name } of services.filter(({ database }) => database)) write(programOf(checkout, name, 'migrate'));
    for (const path of left) rmSync(join(checkout, path), { recursive: true });
  };

  it('is accepted when every program exists', () => {
    build();
    expect(parseOptions(['--from', checkout]).from).toBe(checkout);
  });

  it('must exist, and be a checkout of RunOS', () => {
    const nowhere = join(checkout, 'nowhere');
    expect(() => builtCheckout('--old', nowhere)).toThrow(`--old ${nowhere}: there is no such folder.`);
    expect(() => parseOptions(['--from', ''])).toThrow('--from : there is no such folder.');
    expect(() => builtCheckout('--old', checkout)).toThrow('this is not a checkout of RunOS');
  });

  it.each(['apps/jobs/dist/main.js', 'apps/jobs/dist/migrate.js', 'apps/cluster-agent/dist/main.js'])(
    'must be built: %s',
    (missing) => {
      build(missing);
      const sentence = `--old ${checkout}: this checkout is not built, it has no ${missing}: run npm ci and npm run build there.`;
      expect(() => builtCheckout('--old', checkout)).toThrow(sentence);
    },
  );

  it('must have its libraries', () => {
    build('node_modules');
    expect(() => builtCheckout('--old', checkout)).toThrow('this checkout has no libraries: run npm ci there.');
  });
});
