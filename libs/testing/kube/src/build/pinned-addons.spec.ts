import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { addons } from '@runos/addons';
import { parse } from 'yaml';
import { buildToolbox } from './build.js';
import { publishedManifest } from './published-manifest.js';
import { dataFiles, moduleFolder } from './recipe.js';
import type { Toolbox } from './toolbox.js';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

describe.each(addons)('the add-on $name', ({ name, version, crds, manifestUrls }) => {
  const key = `crds/${name}` as keyof typeof dataFiles;
  let toolbox: Toolbox;
  beforeAll(async () => {
    toolbox = await buildToolbox();
  }, 900_000);

  it('has the version of the Go module', () => {
    const [module] = dataFiles[key];
    expect(readFileSync(join(moduleFolder, 'go.mod'), 'utf8')).toContain(`\t${module} v${version}\n`);
  });

  it('names the CRDs of the Go module', () => {
    const folder = toolbox.data(key);
    const manifests = readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Manifest);
    const found = manifests
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map(({ metadata }) => metadata.name);
    expect(found.sort()).toEqual(crds);
  });

  it('is published in a manifest with these CRDs', async () => {
    const objects = await publishedManifest<Manifest>({ name, manifestUrls });
    const found = objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(crds);
  });
});
