import { type FieldsV1, isMap } from '../kube-object.js';
import type { FieldPath } from './field-path.js';

/** The value at a fieldsV1 path of a live object, or undefined. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  let at = object;
  for (const element of path) {
    if (at === undefined || at === null) return undefined;
    at = step(at, element);
  }
  return at;
}

/** The value of each member of a field set in a live object, in the order of the set. The member `.` gives existence. */
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

/** A list item by its keys. A key that the item lacks is a schema default, so the other keys decide. */
function keyed(items: readonly unknown[], keys: Readonly<Record<string, unknown>>): unknown {
  const expected = Object.entries(keys);
  const matches = (exactly: boolean) => (item: unknown) =>
    isMap(item) && expected.every(([name, value]) => (item[name] === undefined ? !exactly : item[name] === value));
  return items.find(matches(true)) ?? items.find(matches(false));
}

const normal = (json: string): string => JSON.stringify(JSON.parse(json));
