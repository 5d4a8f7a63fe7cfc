import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Project, projectsIn, readJson } from './projects.js';
import { sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');
const projects = projectsIn(root);
const folders = new Map(projects.map(({ folder, manifest }) => [manifest.name, folder]));

interface TsConfig {
  readonly references?: readonly { readonly path: string }[];
}

const dependenciesOf = ({ manifest }: Project) => ({ ...manifest.dependencies, ...manifest.devDependencies });
const isOurs = (name: string) => name.startsWith('@runos/');
const compiled = projects.filter(({ manifest }) => manifest.nx?.targets?.['build'] !== undefined);

describe.each(compiled.map((project) => [project.folder, project] as const))('%s', (folder, project) => {
  const { references = [] } = readJson<TsConfig>(root, folder, 'tsconfig.json');

  it('is compiled after exactly what it depends on', () => {
    const wanted = Object.keys(dependenciesOf(project)).filter(isOurs);
    const referred = references.map(({ path }) => relative(root, resolve(root, folder, path)));
    expect(referred.sort()).toEqual(wanted.map((name) => folders.get(name)).sort());
  });

  it('pins every library, and takes what is ours from beside it', () => {
    for (const [name, version] of Object.entries(dependenciesOf(project))) {
      expect(`${name} ${version}`).toMatch(isOurs(name) ? / \*$/ : / \d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });
});

describe('the workspace', () => {
  it('compiles every project', () => {
    const { references = [] } = readJson<TsConfig>(root, 'tsconfig.json');
    expect(references.map(({ path }) => path.replace('./', '')).sort()).toEqual(
      compiled.map((one) => one.folder).sort(),
    );
  });

  it('has one version of each library', () => {
    const versions = new Map<string, Set<string>>();
    const own = readJson<Project['manifest']>(root, 'package.json');
    for (const project of [...projects, { name: 'runos', folder: '', manifest: own }]) {
      for (const [name, version] of Object.entries(dependenciesOf(project))) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version));
      }
    }
    expect([...versions].filter(([, found]) => found.size > 1).map(([name]) => name)).toEqual([]);
  });

  it('has a lockfile that names no host, so that any registry will do', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const hosts = [...lock.matchAll(/"resolved": "(https?:[^"]+)"/g)].map(([, url]) => url);
    expect(hosts).toEqual([]);
  });
});

describe('the sources', () => {
  const files = sourceFiles(root);

  it('are named after what is in them, in lower case with hyphens', () => {
    const allowed = /^([a-z0-9.]+(-[a-z0-9.]+)*\/)*[a-z0-9]+([-.][a-z0-9]+)*\.(ts|mjs)$/;
    expect(files.map(({ name }) => name).filter((name) => !allowed.test(name))).toEqual([]);
    const vague = /(^|\/)(utils?|helpers?|common|misc|shared)(\/|\.(ts|mjs)$)/;
    expect(files.map(({ name }) => name).filter((name) => vague.test(name))).toEqual([]);
  });

  it('leave nothing for later and skip no test', () => {
    const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].join('|')})\\b`);
    const skips = /^\s*(x(it|describe)|(it|test|describe)\.(skip|only|todo))\b/m;
    const wrong = files.filter(({ text }) => marks.test(text) || skips.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('export from an index every symbol by its name', () => {
    const stars = files.filter(({ name, text }) => name.endsWith('/index.ts') && /^export \*/m.test(text));
    expect(stars.map(({ name }) => name)).toEqual([]);
  });
});
