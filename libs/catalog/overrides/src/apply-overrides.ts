import { isCustomGroup } from '@runos/kube-kinds';
import { jsonMerge, MergeError, type PatchSchema, strategicMerge, typeOfKind } from '@runos/kube-merge-patch';
import type { KubeObject } from '@runos/kube-objects';
import { describe, findTarget, type Rendered } from './find-target.js';
import { changedKeptFields, fixedKind } from './kept-fields.js';
import { type DocumentName, invalidOverride, mergeRules, type OverrideDocument, type Overrides } from './override.js';
import { withConfigDigest } from './config-digest.js';

/**
 * The rendered objects with the enabled overrides, in their order. The result depends on its inputs and on the pinned
 * version of the merge rules only. The order of the objects stays.
 * @throws Fault `override.invalid` that names the first override which cannot be applied, the path and the reason
 * @throws Fault `unavailable` when only a newer build has the merge rules
 */
export function applyOverrides(rendered: Rendered, { version, files }: Overrides): KubeObject[] {
  const schema = mergeRules(version);
  const objects = [...rendered.objects];
  for (const { name, documents } of files.filter(({ enabled }) => enabled)) {
    documents.forEach((document, index) => {
      const about = { name, number: index + 1 };
      const target = findTarget(document, { ...rendered, objects });
      if (typeof target === 'string') throw invalidOverride(about, '', target);
      const object = objects[target] as KubeObject;
      objects[target] = patched(object, document, { ...about, target: describe(object) }, schema);
    });
  }
  return withConfigDigest(rendered.objects, objects);
}

const noDeletion = 'the object itself cannot be deleted; an override changes fields of objects';

function patched(object: KubeObject, document: OverrideDocument, about: DocumentName, schema: PatchSchema): KubeObject {
  const fixed = fixedKind(object);
  if (fixed !== undefined) throw invalidOverride(about, '', fixed);
  if (document['$patch'] === 'delete') throw invalidOverride(about, '$patch', noDeletion);
  const merged = merge(object, document, about, schema);
  const [kept] = changedKeptFields(object, merged);
  if (kept !== undefined) throw invalidOverride(about, kept.path, kept.message);
  return merged;
}

function merge(object: KubeObject, document: OverrideDocument, about: DocumentName, schema: PatchSchema): KubeObject {
  const { apiVersion, kind } = object;
  if (isCustomGroup(apiVersion)) return jsonMerge(object, document) as KubeObject;
  const type = typeOfKind(schema, apiVersion, kind);
  if (type === undefined) throw invalidOverride(about, '', `${apiVersion} ${kind} cannot be overridden`);
  try {
    return strategicMerge(object, document, schema, type) as KubeObject;
  } catch (error) {
    if (error instanceof MergeError) throw invalidOverride(about, error.path, error.message);
    throw error;
  }
}
