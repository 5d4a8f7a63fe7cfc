import { createHash } from 'node:crypto';
import type { FieldsV1, KubeObject, ManagedFields } from '../kube-object.js';
import type { ExclusiveFields } from './exclusive-fields.js';
import { type FieldPath, valueAt } from './field-path.js';
import { isForeign, ownedFields } from './owned-fields.js';

/** An entry of another manager that owns fields which are ours too. Their values are equal, as a shared value is one. */
export interface SharedOwnership {
  /** Of the entry in managedFields. */
  readonly index: number;
  readonly manager: string;
  /** ISO 8601 with a resolution of 1 s; null if it is not recorded. */
  readonly at: string | null;
  /** The shared fields. */
  readonly paths: readonly FieldPath[];
  /** The fields of the entry without the shared ones; undefined if there are no others. */
  readonly others: FieldsV1 | undefined;
}

/** Managers that may own fields of ours. */
export type AllowedWriters = ReadonlySet<string>;

/** The managers that a kind names as writers of its exclusive fields. */
export const writersOf = (exclusive: ExclusiveFields): string[] => exclusive.flatMap(({ writers }) => [...writers]);

/** The entries that share fields of `desired` with us. Subresources have writers of their own, such as scalers. */
export function sharedOwnership(live: KubeObject, desired: KubeObject, allowed: AllowedWriters): SharedOwnership[] {
  const ours = ownedFields(live) ?? {};
  return (live.metadata.managedFields ?? []).flatMap((entry, index) => {
    if (!mayShare(entry, allowed)) return [];
    const { manager = '', time, fieldsV1 = {} } = entry;
    const paths: FieldPath[] = [];
    const others = subtract(fieldsV1, ours, (path) => {
      const isShared = valueAt(desired, path) !== undefined;
      if (isShared) paths.push(path);
      return isShared;
    });
    return paths.length === 0 ? [] : [{ index, manager, at: time ?? null, paths, others }];
  });
}

/** Equal while the same managers share our fields; undefined if none does. It costs nothing where only we write. */
export function sharingSignature(live: KubeObject, allowed: AllowedWriters): string | undefined {
  const foreign = (live.metadata.managedFields ?? []).filter((entry) => mayShare(entry, allowed));
  if (foreign.length === 0) return undefined;
  const ours = ownedFields(live) ?? {};
  const sharing = foreign.filter(({ fieldsV1 = {} }) => overlaps(fieldsV1, ours));
  if (sharing.length === 0) return undefined;
  return createHash('sha256').update(JSON.stringify(sharing)).digest('base64url');
}

const mayShare = (entry: ManagedFields, allowed: AllowedWriters): boolean =>
  isForeign(entry) && !entry.subresource && !allowed.has(entry.manager ?? '');

function overlaps(fields: FieldsV1, ours: FieldsV1): boolean {
  let found = false;
  subtract(fields, ours, () => (found = true));
  return found;
}

/**
 * `fields` without those of `ours` for which `isShared` holds; undefined if nothing is left. A map or list item (`.`) that
 * we own fields of is not left alone either: it is ours.
 */
function subtract(
  fields: FieldsV1,
  ours: FieldsV1,
  isShared: (path: FieldPath) => boolean,
  path: FieldPath = [],
): FieldsV1 | undefined {
  const left: Record<string, FieldsV1> = {};
  for (const [element, members] of Object.entries(fields)) {
    const our = ours[element];
    const at = [...path, element];
    if (element === '.') continue;
    if (our === undefined) left[element] = members;
    else if (Object.keys(members).length > 0) {
      const rest = subtract(members, our, isShared, at);
      if (rest !== undefined) left[element] = rest;
    } else if (!isShared(at)) left[element] = members;
  }
  return Object.keys(left).length > 0 ? left : undefined;
}
