import type { KubeObject } from '../kube-object.js';
import { type FieldPath, printPath, valueAt } from './field-path.js';

/** Longer values are cut, so that the changes of a large bundle stay small. Characters of JSON. */
const maxValueLength = 1_024;
const maxPathLength = 1_024;

/** A field of an object before and after a change, fit to be shown. */
export interface FieldChange {
  /** Readable form. */
  readonly path: string;
  /** Null: there is none. */
  readonly before: unknown;
  readonly after: unknown;
}

/** The keys of a Secret may be shown, its values never. */
const isSecretValue = ({ kind }: KubeObject, [section = '']: FieldPath): boolean =>
  kind === 'Secret' && ['f:data', 'f:stringData'].includes(section);

/** The value of a Secret is `(hidden)` on both sides. */
export function fieldChange(before: KubeObject, after: KubeObject, path: FieldPath): FieldChange {
  const shown = (object: KubeObject): unknown =>
    isSecretValue(object, path) ? '(hidden)' : cut(valueAt(object, path) ?? null);
  return { path: printPath(path).slice(0, maxPathLength), before: shown(before), after: shown(after) };
}

/** The changes, each field once: the last one that names it. Fields of two sets may be the same in their readable form. */
export const uniqueChanges = <Change extends { readonly path: string }>(changes: readonly Change[]): Change[] => [
  ...new Map(changes.map((change) => [change.path, change])).values(),
];

function cut(value: unknown): unknown {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= maxValueLength ? value : `${text.slice(0, maxValueLength)}… (${text.length} characters)`;
}
