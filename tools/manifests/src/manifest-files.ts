import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serviceTypes } from '@runos/service-types';
import { agentRights } from './agent-rights.js';
import { fillRegions } from './generated-regions.js';

/** The manifests that contain generated regions. */
export const manifestFiles = ['access.yaml', 'admission.yaml'].map((name) =>
  fileURLToPath(new URL(`../../../deploy/cluster-agent/${name}`, import.meta.url)),
);

/** The text of a manifest as this catalog generates it. */
export const generated = (file: string): string => fillRegions(readFileSync(file, 'utf8'), agentRights(serviceTypes));

/** Writes the manifests that differ, and returns them. */
export function writeManifests(): string[] {
  const stale = manifestFiles.filter((file) => readFileSync(file, 'utf8') !== generated(file));
  for (const file of stale) writeFileSync(file, generated(file));
  return stale;
}
