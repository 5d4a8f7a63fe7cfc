import { createHash } from 'node:crypto';
import type { FieldsV1, KubeObject, ManagedFields } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import { type FieldPath, membersOf } from './field-path.js';
import { valuesOf } from './field-value.js';

const isBy = (
  operation: 'Apply' | 'Update',
  { manager, subresource, ...entry }: ManagedFields,
  ours: string,
): boolean => manager === ours && entry.operation === operation && !subresource;

/** True for the entry that our own server-side apply makes. */
export const isOurApply = (entry: ManagedFields, manager = fieldManager): boolean => isBy('Apply', entry, manager);

/** True for the entry that is made by our own create, or by putting a whole object. */
export const isOurUpdate = (entry: ManagedFields, manager = fieldManager): boolean => isBy('Update', entry, manager);

const entryOf = ({ metadata: { managedFields = [] } }: KubeObject, manager: string): ManagedFields | undefined =>
  managedFields.find((entry) => isOurApply(entry, manager)) ??
  managedFields.find((entry) => isOurUpdate(entry, manager));

/** What we last set, as the object itself tells: with defaults, if we created it. Undefined if the entry is gone. */
export const ownedFields = (object: KubeObject, manager = fieldManager): FieldsV1 | undefined =>
  entryOf(object, manager)?.fieldsV1;

/** True if we created the object and never applied anything to it since. */
export function isCreated(object: KubeObject, manager = fieldManager): boolean {
  const entry = entryOf(object, manager);
  return entry !== undefined && isOurUpdate(entry, manager);
}

/**
 * One hash over which fields we own and what they hold now. Defaults, status, other managers' fields and time stamps
 * do not enter it. Undefined when we own nothing: then nothing can be said without applying.
 */
export function ownedHash(object: KubeObject, manager = fieldManager): string | undefined {
  const fields = ownedFields(object, manager);
  if (fields === undefined) return undefined;
  const text = [JSON.stringify(fields)];
  for (const value of valuesOf(fields, object)) text.push(JSON.stringify(value) ?? '');
  return createHash('sha256').update(text.join('\n')).digest('base64url');
}

/** The members of `fields` whose values differ between two states of one object, in order. */
export function changedPaths(fields: FieldsV1, before: KubeObject, after: KubeObject): FieldPath[] {
  const was = [...valuesOf(fields, before)];
  const is = [...valuesOf(fields, after)];
  const differs = (index: number) => JSON.stringify(was[index]) !== JSON.stringify(is[index]);
  return [...membersOf(fields)].filter((_, index) => differs(index));
}
