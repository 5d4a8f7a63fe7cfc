import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseManifest } from '@runos/kube-objects/manifest';
import { buildToolbox } from './build.js';
import type { dataFiles } from './recipe.js';
import { toolboxFolder } from './toolbox.js';

/** The folder with the published manifests of add-ons, `<add-on>/<file>`. It is empty until the build of the toolbox. */
export const manifestFolder = (): string => join(toolboxFolder(), 'manifests');

/** The add-on, and the URL of the manifest that its project publishes for one version. */
interface Published {
  readonly name: string;
  readonly manifestUrl: string;
}

/** The objects of a published manifest, from the Go module. @throws Error if the module has no such file */
export async function publishedManifest<T extends object>({ name, manifestUrl }: Published): Promise<T[]> {
  const folder = (await buildToolbox()).data(`manifests/${name}` as keyof typeof dataFiles);
  const text = readFileSync(join(folder, basename(manifestUrl)), 'utf8');
  return parseManifest(text) as unknown as T[];
}
