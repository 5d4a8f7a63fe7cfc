import type { FieldsV1, KubeObject } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import type { FieldPath } from './field-path.js';
import { isForeign, ownedFields } from './owned-fields.js';

/** A field of a kind in which additions of other field managers are drift. */
export interface ExclusiveField {
  /**
   * Names with dots between them. A name with `[]` stands for each item of that list or map, which is exclusive on its
   * own: `spec.template.spec.containers[].env[]`. Without it, the field is exclusive as a whole: `spec.externalIPs`. A
   * list without keys in its schema is exclusive as a whole, because no manager owns a part of it.
   */
  readonly path: string;
  /** Other field managers that may write it. An item that no manager owns is a default, or was set by admission. */
  readonly writers?: readonly string[];
}

/** The syntax of `ExclusiveField.path`. */
export const exclusivePath = /^[A-Za-z][\w-]*(\[\])?(\.[A-Za-z][\w-]*(\[\])?)*$/;

interface Rule {
  readonly steps: FieldPath;
  readonly writers: ReadonlySet<string>;
}

/** The exclusive fields of a kind, in the form that events are compared with. */
export type ExclusiveFields = readonly Rule[];

const eachItem = '[]';

const stepsOf = (path: string): FieldPath =>
  path
    .split('.')
    .flatMap((part) => (part.endsWith(eachItem) ? [`f:${part.slice(0, -eachItem.length)}`, eachItem] : [`f:${part}`]));

export const compileExclusive = (fields: readonly ExclusiveField[]): ExclusiveFields =>
  fields.map(({ path, writers = [] }) => ({ steps: stepsOf(path), writers: new Set(writers) }));

/**
 * The items in exclusive fields that another field manager has added, each once. It reads managedFields alone: an object
 * that only we write costs nothing.
 */
export function foreignItems(object: KubeObject, exclusive: ExclusiveFields, manager = fieldManager): FieldPath[] {
  const others = (object.metadata.managedFields ?? []).filter((entry) => isForeign(entry, manager));
  if (others.length === 0) return [];
  const ours = ownedFields(object, manager) ?? {};
  const found = new Map<string, FieldPath>();
  for (const { manager: other = '', fieldsV1 = {} } of others) {
    for (const { steps, writers } of exclusive) {
      if (writers.has(other)) continue;
      for (const path of itemsOf(fieldsV1, ours, steps)) found.set(path.join('\n'), path);
    }
  }
  return [...found.values()];
}

/** The members of `foreign` at the remaining steps that are not in `own`. Items inside a foreign item are part of it. */
function* itemsOf(foreign: FieldsV1, ours: FieldsV1, steps: FieldPath, path: FieldPath = []): Generator<FieldPath> {
  const [step = '', ...rest] = steps;
  const elements = step === eachItem ? Object.keys(foreign).filter((element) => element !== '.') : [step];
  for (const element of elements) {
    const [member, our] = [foreign[element], ours[element]];
    if (member === undefined) continue;
    if (rest.length > 0) {
      if (our !== undefined || step !== eachItem) yield* itemsOf(member, our ?? {}, rest, [...path, element]);
    } else if (our === undefined) yield [...path, element];
  }
}
