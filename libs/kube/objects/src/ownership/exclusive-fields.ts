import { type FieldsV1, isEmptyMap, isMap, type KubeObject } from '../kube-object.js';
import { fieldManager } from '../labels.js';
import { type FieldPath, uniquePaths, valueAt } from './field-path.js';
import type { LeftFields } from './field-writer.js';
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
  /** What an absent value means: others may write exactly that. Not set: any value of others is drift. `{}`: an empty map. */
  readonly unset?: string | boolean | number | Readonly<Record<string, never>>;
  /** The name of a field beside it that the API server keeps equal. Both are removed, and neither if we own one. */
  readonly alias?: string;
}

/** An annotation of a kind that only its writers may set beside us: its operator acts on the value. */
export interface ExclusiveAnnotation {
  /** The whole name: `example.com/patch`. */
  readonly name: string;
  readonly writers?: readonly string[];
}

/** The syntax of `ExclusiveField.path`. */
export const exclusivePath = /^[A-Za-z][\w-]*(\[\])?(\.[A-Za-z][\w-]*(\[\])?)*$/;

interface Rule {
  readonly steps: FieldPath;
  readonly writers: ReadonlySet<string>;
  readonly unset: ExclusiveField['unset'];
  readonly alias: string | undefined;
  /** Whether a user allows this manager to write this item. */
  readonly allows?: LeftFields['allows'];
}

/** The exclusive fields of a kind, in the form that events are compared with. */
export type ExclusiveFields = readonly Rule[];

const eachItem = '[]';

const stepsOf = (path: string): FieldPath =>
  path
    .split('.')
    .flatMap((part) => (part.endsWith(eachItem) ? [`f:${part.slice(0, -eachItem.length)}`, eachItem] : [`f:${part}`]));

/** Parses the paths of exclusive fields once per kind, so that comparisons need not. */
export const compileExclusive = (
  fields: readonly ExclusiveField[],
  annotations: readonly ExclusiveAnnotation[] = [],
): ExclusiveFields => [
  ...fields.map((field) => ruleOf(stepsOf(field.path), field)),
  ...annotations.map((annotation) => ruleOf(['f:metadata', 'f:annotations', `f:${annotation.name}`], annotation)),
];

const ruleOf = (steps: FieldPath, { writers = [], unset, alias }: Omit<ExclusiveField, 'path'>): Rule => ({
  steps,
  writers: new Set(writers),
  unset,
  alias,
});

/** The same fields, in which a user allows other managers too. */
export const exclusiveExcept = (exclusive: ExclusiveFields, { allows }: LeftFields): ExclusiveFields =>
  exclusive.map((rule) => ({ ...rule, allows }));

/** The same fields, in which these items are no additions, also when another manager writes them. */
export const exclusiveKeeping = (exclusive: ExclusiveFields, keeps: (path: FieldPath) => boolean): ExclusiveFields =>
  exclusive.map((rule) => ({
    ...rule,
    allows: (manager, path) => rule.allows?.(manager, path) === true || keeps(path),
  }));

/**
 * The items in exclusive fields that another field manager has added, each once. It begins with managedFields: an object
 * that only we write costs nothing.
 */
export const foreignItems = (object: KubeObject, exclusive: ExclusiveFields, manager = fieldManager): FieldPath[] =>
  uniquePaths([...itemsIn(object, exclusive, manager)].map(({ path }) => path));

/** What must be removed, so that no such item is left: the items, and the fields that are kept equal to them. */
export const foreignContent = (object: KubeObject, exclusive: ExclusiveFields): FieldPath[] =>
  uniquePaths(
    [...itemsIn(object, exclusive, fieldManager)].flatMap(({ path, alias }) => (alias ? [path, alias] : [path])),
  );

/** Whether a field is in an item, or a whole field, that is exclusive and not ours. */
export const isExclusive = (exclusive: ExclusiveFields, ours: FieldsV1, path: FieldPath): boolean =>
  exclusive.some(
    ({ steps }) =>
      steps.length <= path.length &&
      steps.every((step, index) => step === eachItem || step === path[index]) &&
      !contains(ours, path.slice(0, steps.length)),
  );

interface ForeignItem {
  readonly path: FieldPath;
  readonly alias: FieldPath | undefined;
}

function* itemsIn(object: KubeObject, exclusive: ExclusiveFields, manager: string): Generator<ForeignItem> {
  const others = (object.metadata.managedFields ?? []).filter((entry) => isForeign(entry, manager));
  if (others.length === 0) return;
  const ours = ownedFields(object, manager) ?? {};
  for (const { manager: other = '', fieldsV1 = {} } of others) {
    for (const { steps, writers, unset, alias: name, allows } of exclusive) {
      if (writers.has(other)) continue;
      for (const path of itemsOf(fieldsV1, ours, steps)) {
        const value = valueAt(object, path);
        // The API server does not store empty values of many fields, but it stores their owners.
        if (value === undefined || isUnset(value, unset) || allows?.(other, path)) continue;
        const alias = name === undefined ? undefined : [...path.slice(0, -1), `f:${name}`];
        if (alias === undefined || !contains(ours, alias)) yield { path, alias };
      }
    }
  }
}

const isUnset = (value: unknown, unset: ExclusiveField['unset']): boolean =>
  isMap(unset) ? isEmptyMap(value) : value === unset;

const contains = (fields: FieldsV1, path: FieldPath): boolean =>
  path.reduce<FieldsV1 | undefined>((at, element) => at?.[element], fields) !== undefined;

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
