import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { whyWeDepend } from './dependencies.js';
import { projectsIn, readJson } from './projects.js';

const root = resolve(import.meta.dirname, '../../..');

interface Locked {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly deprecated?: string }>>;
}

const direct = new Set(
  projectsIn(root)
    .filter(({ folder }) => !folder.startsWith('tools'))
    .flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}))
    .filter((name) => !name.startsWith('@runos/')),
);

/** Those whose publisher has given them up, from what npm noted when it wrote the lockfile. */
const deprecatedIn = ({ packages }: Locked): string[] =>
  Object.entries(packages).flatMap(([place, { version, deprecated }]) =>
    deprecated === undefined ? [] : [`${place} ${version}: ${deprecated}`],
  );

describe('the libraries we stand on', () => {
  it('are each there for a reason, and no reason outlives its library', () => {
    expect(Object.keys(whyWeDepend).sort()).toEqual([...direct].sort());
  });

  it('are justified in a line', () => {
    const wrong = Object.entries(whyWeDepend).filter(
      ([, why]) => why.length < 10 || why.length > 100 || /\n/.test(why),
    );
    expect(wrong).toEqual([]);
  });

  it('are none of them deprecated, nor what they bring along', () => {
    expect(deprecatedIn(readJson<Locked>(join(root, 'package-lock.json')))).toEqual([]);
    const given = { 'node_modules/left': { version: '1.0.0', deprecated: 'use right' }, 'node_modules/right': {} };
    expect(deprecatedIn({ packages: given })).toEqual(['node_modules/left 1.0.0: use right']);
  });
});
