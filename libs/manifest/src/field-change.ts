import { isDeepStrictEqual } from 'node:util';
import { isMap } from './is-map.js';

/** A difference between a file and the state of the server, in the terms of the file. */
export interface FieldChange {
  /** As people read it: `replicas`, `env LOG_LEVEL`, `overrides/probe.yaml`. */
  readonly field: string;
  /** The field of the file at its top level that holds it: `replicas`, `env`, `overrides`. */
  readonly key: string;
  readonly kind: 'changed' | 'only_local' | 'only_server';
  /** On the server; absent with `only_local`. */
  readonly before?: unknown;
  /** In the file; absent with `only_server`. */
  readonly after?: unknown;
  /** Whether before and after must not be shown. */
  readonly isSecret?: boolean;
  /** Whether before and after are MD5s of a file. */
  readonly isContent?: boolean;
  /** Why it differs, where the values do not show it. */
  readonly reason?: string;
}

interface Comparison {
  /** Of the change, without `key`. */
  readonly field: string;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly isSecret?: boolean;
  readonly isContent?: boolean;
}

type Map = Readonly<Record<string, unknown>>;

/** Undefined, null, and maps and lists without content mean the same: there is none. */
const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** The differences of two values: of maps each by itself, of anything else as a whole. */
export function changesBetween({ field, key, before, after, ...rest }: Comparison): FieldChange[] {
  if (isAbsent(before) && isAbsent(after)) return [];
  if (isAbsent(before)) return [{ field, key, kind: 'only_local', after, ...rest }];
  if (isAbsent(after)) return [{ field, key, kind: 'only_server', before, ...rest }];
  if (!isMap(before) || !isMap(after)) {
    return isDeepStrictEqual(before, after) ? [] : [{ field, key, kind: 'changed', before, after, ...rest }];
  }
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name) =>
    changesBetween({ field: `${field}.${name}`, key, before: before[name], after: after[name], ...rest }),
  );
}

/** The differences of two maps whose entries are named `<key> <entry>`. */
export const entryChanges = (key: string, before: Map, after: Map, isSecret = false): FieldChange[] =>
  [...new Set([...Object.keys(after), ...Object.keys(before)])].sort().flatMap((name) => {
    const flag = isSecret ? { isSecret } : {};
    return valueChanges({ field: `${key} ${name}`, key, before: before[name], after: after[name], ...flag });
  });

/** As `changesBetween`, for values of which an empty one is a value. */
export function valueChanges({ field, key, before, after, ...rest }: Comparison): FieldChange[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined) return [{ field, key, kind: 'only_local', after, ...rest }];
  if (after === undefined) return [{ field, key, kind: 'only_server', before, ...rest }];
  return [{ field, key, kind: 'changed', before, after, ...rest }];
}
