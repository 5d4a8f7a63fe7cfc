import { type KubeObject, mapAt } from '@runos/kube-objects';
import { type AddonManifest, keyOf, unique } from './addon-manifest.js';
import { list, variable } from './cel.js';

/**
 * The variable of the admission policy with the labels and annotations of each object of the add-ons, and of its pods:
 * `labels app=operator`, `pod annotations example.com/x=y`. They are those of the pinned version and of earlier ones.
 */
export function addonMetadata(manifests: readonly AddonManifest[]): string[] {
  const objects = manifests.flatMap(({ objects: pinned, earlier }) => [...pinned, ...earlier]);
  const keys = unique(objects.filter((object) => metadataOf(object).length > 0).map(keyOf));
  return variable(
    'published',
    keys.map((key) => [key, list(objects.filter((object) => keyOf(object) === key).flatMap(metadataOf))] as const),
  );
}

function metadataOf(object: KubeObject): string[] {
  const template = object.kind === 'Deployment' ? mapAt(object, 'spec', 'template', 'metadata') : {};
  return [...pairsOf('', { ...object.metadata }), ...pairsOf('pod ', template)];
}

const pairsOf = (prefix: string, metadata: Readonly<Record<string, unknown>>): string[] =>
  ['labels', 'annotations'].flatMap((field) =>
    Object.entries(mapAt(metadata, field)).map(([name, value]) => `${prefix}${field} ${name}=${String(value)}`),
  );
