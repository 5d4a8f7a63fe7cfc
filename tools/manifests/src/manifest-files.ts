import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { instanceTypes } from '@runos/service-types';
import { addonContents, addonObjects } from './addons/addon-contents.js';
import { type AddonManifest, readAddonManifests } from './addons/addon-manifest.js';
import { addonMetadata } from './addons/addon-metadata.js';
import { addonRules } from './addons/addon-rules.js';
import { addonWorkloads } from './addons/addon-workloads.js';
import { agentRights } from './agent-rights.js';
import { customContents } from './custom-contents.js';
import { fillRegions } from './generated-regions.js';

const fileOf = (name: string): string =>
  fileURLToPath(new URL(`../../../deploy/cluster-agent/${name}`, import.meta.url));

/** The manifest with the admission policies on the objects of instances. */
export const admissionFile = fileOf('admission.yaml');

/** The manifests that contain generated regions. */
export const manifestFiles = [
  fileOf('access.yaml'),
  admissionFile,
  fileOf('addons.yaml'),
  fileOf('addon-admission.yaml'),
];

/** The lines of every region, by its name. */
export const regionsOf = (manifests: readonly AddonManifest[]): Readonly<Record<string, readonly string[]>> => ({
  ...agentRights(instanceTypes()),
  ...customContents(instanceTypes()),
  'addon-objects': addonObjects(manifests),
  'addon-rules': addonRules(manifests),
  'addon-contents': addonContents(manifests),
  'addon-metadata': addonMetadata(manifests),
  'addon-workloads': addonWorkloads(manifests),
});

/** The text of a manifest as this catalog and these add-ons generate it. */
export const generated = (file: string, manifests: readonly AddonManifest[]): string =>
  fillRegions(readFileSync(file, 'utf8'), regionsOf(manifests));

/** Writes the manifests that differ, and returns them. */
export async function writeManifests(): Promise<string[]> {
  const manifests = await readAddonManifests();
  const stale = manifestFiles.filter((file) => readFileSync(file, 'utf8') !== generated(file, manifests));
  for (const file of stale) writeFileSync(file, generated(file, manifests));
  return stale;
}
