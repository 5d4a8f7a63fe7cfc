import { existsSync, readFileSync } from 'node:fs';
import { basename, join, matchesGlob, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type Manifest, projectsIn, projectsWith, readJson } from './projects.js';
import { filesIn, sourceFiles } from './source-files.js';

const root = resolve(import.meta.dirname, '../../..');
const projects = projectsIn(root);
const folders = new Map(projects.map(({ folder, manifest }) => [manifest.name, folder]));

interface TsConfig {
  readonly references?: readonly { readonly path: string }[];
}

interface Boundaries {
  readonly depConstraints: readonly { readonly sourceTag: string }[];
}

const dependenciesOf = ({ manifest }: { readonly manifest: Manifest }) => ({
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
});
const isOurs = (name: string) => name.startsWith('@runos/');
const compiled = projects.filter(({ manifest }) => manifest.nx?.targets?.['build'] !== undefined);

/** Projects with a test folder compile their sources and their tests apart. */
const isSplit = (folder: string) => existsSync(join(root, folder, 'tsconfig.src.json'));
const referencesIn = (folder: string, file: string) =>
  (readJson<TsConfig>(root, folder, file).references ?? []).map(({ path }) =>
    relative(root, resolve(root, folder, path)),
  );
/** The configurations that compile what other projects may import of these packages. */
const configurationsOf = (packages: Readonly<Record<string, string>> = {}) =>
  Object.keys(packages)
    .filter(isOurs)
    .map((name) => folders.get(name) ?? name)
    .map((folder) => (isSplit(folder) ? join(folder, 'tsconfig.src.json') : folder));

/** The configurations of other projects' test support that the tests of a project import as `<package>/test`. */
const testSupportOf = (folder: string) => {
  const texts = sourceFiles(root).filter(({ name }) => name.startsWith(`${folder}/`));
  return [...folders]
    .filter(([name]) => texts.some(({ text }) => text.includes(`from '${name}/test'`)))
    .map(([, other]) => join(other, 'tsconfig.test.json'));
};

describe.each(compiled.map((project) => [project.folder, project] as const))('%s', (folder, project) => {
  const { dependencies, devDependencies } = project.manifest;

  it('is compiled after exactly its dependencies', () => {
    const all = [...configurationsOf(dependencies), ...configurationsOf(devDependencies)].sort();
    if (!isSplit(folder)) return expect(referencesIn(folder, 'tsconfig.json').sort()).toEqual(all);
    const source = join(folder, 'tsconfig.src.json');
    const parts = [source, join(folder, 'tsconfig.test.json')];
    expect(referencesIn(folder, 'tsconfig.json')).toEqual(parts);
    expect(referencesIn(folder, 'tsconfig.src.json').sort()).toEqual(configurationsOf(dependencies).sort());
    expect(referencesIn(folder, 'tsconfig.test.json').sort()).toEqual(
      [source, ...all, ...testSupportOf(folder)].sort(),
    );
  });

  it('pins every library, and takes the packages of this repository from their folders', () => {
    for (const [name, version] of Object.entries(dependenciesOf(project))) {
      expect(`${name} ${version}`).toMatch(isOurs(name) ? / \*$/ : / \d+\.\d+\.\d+(-[\w.]+)?$/);
    }
  });
});

describe('the workspace', () => {
  it('runs the tests of the whole plane after a change of any of its programs', () => {
    const apps = projects.filter(({ folder }) => folder.startsWith('apps/')).map(({ folder }) => basename(folder));
    const implicitOf = (name: string) =>
      projects.find(({ folder }) => folder === name)?.manifest.nx?.implicitDependencies;
    for (const tool of ['tools/e2e', 'tools/resilience']) expect(implicitOf(tool)?.toSorted()).toEqual(apps.sort());
    expect(implicitOf('tools/release')).toEqual(['cli']);
    // Others depend on the programs over one of these: a list that is not compared would become stale.
    const lists = projects.filter(({ manifest }) => manifest.nx?.implicitDependencies !== undefined);
    expect(lists.map(({ folder }) => folder)).toEqual(['tools/e2e', 'tools/release', 'tools/resilience']);
  });

  it('has a line of allowed imports for every tag of every project', async () => {
    const { boundaries } = (await import(join(root, 'tools/lint/boundaries.mjs'))) as {
      boundaries: [string, Boundaries];
    };
    const known = new Set(boundaries[1].depConstraints.map(({ sourceTag }) => sourceTag));
    const unknown = projects.flatMap(({ name, manifest }) =>
      (manifest.nx?.tags ?? []).filter((tag) => !known.has(tag)).map((tag) => `${name}: ${tag}`),
    );
    expect(unknown).toEqual([]);
  });

  it('has a lockfile that agrees with every manifest, as a fresh clone needs it', () => {
    const { packages } = readJson<{ packages: Record<string, Manifest | undefined> }>(root, 'package-lock.json');
    const stale = projects.filter(({ manifest, folder }) => {
      const locked = packages[folder];
      return (
        locked === undefined || !isDeepStrictEqual(dependenciesOf({ manifest }), dependenciesOf({ manifest: locked }))
      );
    });
    expect(stale.map(({ folder }) => folder)).toEqual([]);
  });

  it('lints every source file, also those outside of projects', () => {
    const places = projectsWith(root, 'lint').flatMap(({ manifest }) => {
      const { options } = manifest.nx?.targets?.['lint'] as { readonly options: { readonly commands: string[] } };
      return options.commands.flatMap((command) => command.split(' ').slice(1));
    });
    const isLinted = (name: string) => places.some((place) => name.startsWith(`${place}/`) || matchesGlob(name, place));
    const names = filesIn(root, ['.'], /\.(ts|mjs)$/).map(({ name }) => name);
    expect(names).toContain('eslint.config.mjs');
    expect(names.filter((name) => !isLinted(name))).toEqual([]);
  });

  it('compiles every project with the strict options of the root', () => {
    const { compilerOptions } = readJson<{ compilerOptions: object }>(root, 'tsconfig.base.json');
    expect(compilerOptions).toMatchObject({ strict: true, noUncheckedIndexedAccess: true });
    const weakened = filesIn(root, ['apps', 'libs', 'tools'], /(^|\/)tsconfig[\w.]*\.json$/)
      .filter(({ text }) => /"(strict\w*|noUncheckedIndexedAccess|noImplicit\w+)"/.test(text))
      .map(({ name }) => name);
    expect(weakened).toEqual([]);
  });

  it('compiles every project', () => {
    const { references = [] } = readJson<TsConfig>(root, 'tsconfig.json');
    expect(references.map(({ path }) => path.replace('./', '')).sort()).toEqual(
      compiled.map((one) => one.folder).sort(),
    );
  });

  it('has one version of each library', () => {
    const versions = new Map<string, Set<string>>();
    const own = readJson<Manifest>(root, 'package.json');
    for (const project of [...projects, { name: 'runos', folder: '', manifest: own }]) {
      for (const [name, version] of Object.entries(dependenciesOf(project))) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version));
      }
    }
    expect([...versions].filter(([, found]) => found.size > 1).map(([name]) => name)).toEqual([]);
  });

  it('has a lockfile that names no host, so that any registry serves', () => {
    const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
    const hosts = [...lock.matchAll(/"resolved": "(https?:[^"]+)"/g)].map(([, url]) => url);
    expect(hosts).toEqual([]);
  });
});

describe('the sources', () => {
  const files = sourceFiles(root);

  it('have names in lower case with hyphens, and none without meaning', () => {
    const allowed = /^([a-z0-9.]+(-[a-z0-9.]+)*\/)*[a-z0-9]+([-.][a-z0-9]+)*\.(ts|mjs)$/;
    expect(files.map(({ name }) => name).filter((name) => !allowed.test(name))).toEqual([]);
    const vague = /(^|\/)(utils?|helpers?|common|misc|shared)(\/|\.(ts|mjs)$)/;
    expect(files.map(({ name }) => name).filter((name) => vague.test(name))).toEqual([]);
  });

  it('contain no reminders and no skipped tests', () => {
    const reminders = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'HA' + 'CK'].join('|')})\\b`);
    const skips = /^\s*(x(it|describe)|(it|test|describe)\.(skip|only|todo))\b/m;
    const wrong = files.filter(({ text }) => reminders.test(text) || skips.test(text));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('export every symbol from an index by its name', () => {
    const stars = files.filter(({ name, text }) => name.endsWith('/index.ts') && /^export \*/m.test(text));
    expect(stars.map(({ name }) => name)).toEqual([]);
  });
});
