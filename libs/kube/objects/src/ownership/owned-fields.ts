import { createHash } from 'node:crypto';
import type { FieldsV1, KubeObject, ManagedFields } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import { type FieldPath, membersOf, valuesOf } from './field-path.js';

const isBy = (
  operation: 'Apply' | 'Update',
  { manager, subresource, ...entry }: ManagedFields,
  ours: string,
): boolean => manager === ours && entry.operation === operation && !subresource;

/** True for the entry of our server-side apply. */
export const isOurApply = (entry: ManagedFields, manager = fieldManager): boolean => isBy('Apply', entry, manager);

/** True for the entry of our create or replace. */
export const isOurUpdate = (entry: ManagedFields, manager = fieldManager): boolean => isBy('Update', entry, manager);

/** Entry that Kubernetes creates for fields set before the first apply. */
const beforeFirstApply = 'before-first-apply';

/** True for the entry of another manager that may have changed the spec of an object. */
export const isForeign = (entry: ManagedFields, manager = fieldManager): boolean =>
  !isOurApply(entry, manager) &&
  !isOurUpdate(entry, manager) &&
  entry.manager !== beforeFirstApply &&
  entry.subresource !== 'status' &&
  entry.fieldsV1 !== undefined;

const entryOf = ({ metadata: { managedFields = [] } }: KubeObject, manager: string): ManagedFields | undefined =>
  managedFields.find((entry) => isOurApply(entry, manager)) ??
  managedFields.find((entry) => isOurUpdate(entry, manager));

/** The fields that we own: with defaults, if we created the object. Undefined if the entry was removed. */
export const ownedFields = (object: KubeObject, manager = fieldManager): FieldsV1 | undefined =>
  entryOf(object, manager)?.fieldsV1;

/** True if we created the object and have not applied to it since. */
export function isCreated(object: KubeObject, manager = fieldManager): boolean {
  const entry = entryOf(object, manager);
  return entry !== undefined && isOurUpdate(entry, manager);
}

/**
 * One hash over the fields that we own and their live values. Defaults, status, foreign fields and timestamps are not
 * part of it. Undefined if we own no fields: then only an apply can show a difference.
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
  const oldValues = [...valuesOf(fields, before)];
  const newValues = [...valuesOf(fields, after)];
  const differs = (index: number) => JSON.stringify(oldValues[index]) !== JSON.stringify(newValues[index]);
  return [...membersOf(fields)].filter((_, index) => differs(index));
}
