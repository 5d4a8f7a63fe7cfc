import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseManifest } from '@runos/kube-objects/manifest';
import { buildToolbox } from './build.js';
import type { dataFiles } from './recipe.js';
import { toolboxFolder } from './toolbox.js';

/** The folder with the published manifests of add-ons, `<add-on>/<file>`. It is empty until the build of the toolbox. */
export const manifestFolder = (): string => join(toolboxFolder(), 'manifests');

/** The add-on, and the URLs of the manifests that its project publishes for one version. */
interface Published {
  readonly name: string;
  readonly manifestUrls: readonly string[];
}

/** The objects of published manifests, from the Go module. @throws Error if the module has no such file */
export async function publishedManifest<T extends object>({ name, manifestUrls }: Published): Promise<T[]> {
  const folder = (await buildToolbox()).data(`manifests/${name}` as keyof typeof dataFiles);
  return manifestUrls.flatMap(
    (url) => parseManifest(readFileSync(join(folder, basename(url)), 'utf8')) as unknown as T[],
  );
}
