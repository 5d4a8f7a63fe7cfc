import type { FieldsV1, KubeObject } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import type { ConflictingManager } from './conflicting-manager.js';
import { type ExclusiveFields, isExclusive } from './exclusive-fields.js';
import { covers, type FieldPattern } from './field-pattern.js';
import { type FieldPath, touches, uniquePaths, valueAt } from './field-path.js';
import { isForeign, ownedFields } from './owned-fields.js';

/** Whose fields are no additions worth a report. */
export interface ExpectedWriters {
  /** Additions to them are drift, and reported as such. */
  readonly exclusive: ExclusiveFields;
  /** True for managers of Kubernetes and of operators. Not called for an object that only we write. */
  readonly isAllowed: (manager: string) => boolean;
  /** Fields that a user leaves to others. */
  readonly left?: readonly FieldPattern[] | undefined;
}

/** Names of labels and annotations of Kubernetes itself: `kubectl.kubernetes.io/restartedAt`. */
const ofKubernetes = /^f:([a-z0-9.-]{1,200}\.)?kubernetes\.io\//;

/**
 * What others have added beside our fields, by manager. A part of an object of which we own nothing is one field; each label
 * and annotation is one. It begins with managedFields: an object that only we write costs nothing.
 */
export function foreignAdditions(
  object: KubeObject,
  { exclusive, isAllowed, left = [] }: ExpectedWriters,
  manager = fieldManager,
): ConflictingManager[] {
  const others = (object.metadata.managedFields ?? []).filter(
    (entry) => isForeign(entry, manager) && !entry.subresource && !isAllowed(entry.manager ?? ''),
  );
  if (others.length === 0) return [];
  const ours = ownedFields(object, manager) ?? {};
  const isAddition = (path: FieldPath): boolean =>
    valueAt(object, path) !== undefined &&
    !touches(ours, path) &&
    !isOfKubernetes(path) &&
    !isExclusive(exclusive, ours, path) &&
    !left.some((pattern) => covers(pattern, path));
  return others.flatMap(({ manager: other = '', time, fieldsV1 = {} }) => {
    const added = [...singleFieldsOf(fieldsV1)].filter(isAddition).map((path) => outermost(ours, path));
    const paths = uniquePaths(added);
    return paths.length === 0 ? [] : [{ manager: other, at: time ?? null, paths }];
  });
}

/** The paths of all fields, without the maps and items that only contain others. */
function* singleFieldsOf(fields: FieldsV1, path: FieldPath = []): Generator<FieldPath> {
  for (const [element, members] of Object.entries(fields)) {
    if (element === '.') continue;
    if (Object.keys(members).length === 0) yield [...path, element];
    else yield* singleFieldsOf(members, [...path, element]);
  }
}

const isOfKubernetes = (path: FieldPath): boolean =>
  path[0] === 'f:status' || path.some((element, index) => isNamed(path[index - 1]) && ofKubernetes.test(element));

/** A map whose members are added one by one. */
const isNamed = (element = ''): boolean => element === 'f:annotations' || element === 'f:labels';

/** The shortest part of the path that we own nothing of. */
function outermost(ours: FieldsV1, path: FieldPath): FieldPath {
  for (let length = path[0] === 'f:metadata' ? 3 : 2; length < path.length; length += 1) {
    const part = path.slice(0, length);
    if (!isNamed(part.at(-1)) && !touches(ours, part)) return part;
  }
  return path;
}
