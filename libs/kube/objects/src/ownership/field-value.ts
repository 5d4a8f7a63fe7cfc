import { type FieldsV1, isMap } from '../kube-object.js';
import type { FieldPath } from './field-path.js';

/** The value at a path of fieldsV1 in a live object; undefined if nothing is there. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  let at = object;
  for (const element of path) {
    if (at === undefined || at === null) return undefined;
    at = step(at, element);
  }
  return at;
}

/** What each member of a field set holds in a live object, in the set's order: its existence if only that is owned. */
export function* valuesOf(fields: FieldsV1, at: unknown): Generator<unknown> {
  for (const [element, children] of Object.entries(fields)) {
    if (element === '.') yield at !== undefined;
    else if (Object.keys(children).length === 0) yield step(at, element);
    else yield* valuesOf(children, step(at, element));
  }
}

function step(at: unknown, element: string): unknown {
  const body = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return isMap(at) && Object.hasOwn(at, body) ? at[body] : undefined;
    case 'k:':
      return Array.isArray(at) ? keyed(at, JSON.parse(body) as Record<string, unknown>) : undefined;
    case 'v:':
      return Array.isArray(at) ? at.find((item) => JSON.stringify(item) === normal(body)) : undefined;
    case 'i:':
      return Array.isArray(at) ? at[Number(body)] : undefined;
    default:
      return undefined;
  }
}

/** A list item by its keys. A key that the item lacks was filled in by the schema's default: the others decide. */
function keyed(items: readonly unknown[], keys: Readonly<Record<string, unknown>>): unknown {
  const wanted = Object.entries(keys);
  const matches = (exactly: boolean) => (item: unknown) =>
    isMap(item) && wanted.every(([name, value]) => (item[name] === undefined ? !exactly : item[name] === value));
  return items.find(matches(true)) ?? items.find(matches(false));
}

const normal = (json: string): string => JSON.stringify(JSON.parse(json));
