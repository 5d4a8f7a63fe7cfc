import { createHash } from 'node:crypto';
import type { FieldsV1, KubeObject, ManagedFields } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import { type FieldMember, type FieldPath, membersOf } from './field-path.js';
import { valueAt } from './field-value.js';

/** True for the entry that our own server-side apply makes. */
export const isOurApply = (entry: ManagedFields, manager = fieldManager): boolean =>
  entry.manager === manager && entry.operation === 'Apply' && !entry.subresource;

/** What our last apply set, as the object itself tells; undefined if the entry is gone. */
export const ownedFields = (object: KubeObject, manager = fieldManager): FieldsV1 | undefined =>
  object.metadata.managedFields?.find((entry) => isOurApply(entry, manager))?.fieldsV1;

/** The live value of one member: its existence if only that is owned. */
const valueOf = (object: KubeObject, { path, itself }: FieldMember): unknown => {
  const value = valueAt(object, path);
  return itself ? value !== undefined : value;
};

/**
 * One hash over which fields we own and what they hold now. Defaults, status, other managers' fields and time stamps
 * do not enter it. Undefined when we own nothing: then nothing can be said without applying.
 */
export function ownedHash(object: KubeObject, manager = fieldManager): string | undefined {
  const fields = ownedFields(object, manager);
  if (fields === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify(fields));
  for (const member of membersOf(fields)) hash.update(`\n${JSON.stringify(valueOf(object, member)) ?? ''}`);
  return hash.digest('base64url');
}

/** The members of `fields` whose values differ between two states of one object, in order. */
export function changedPaths(fields: FieldsV1, before: KubeObject, after: KubeObject): FieldPath[] {
  const changed: FieldPath[] = [];
  for (const member of membersOf(fields)) {
    const [was, is] = [valueOf(before, member), valueOf(after, member)];
    if (JSON.stringify(was) !== JSON.stringify(is)) changed.push(member.path);
  }
  return changed;
}
