import { type FieldsV1, isMap } from '../kube-object.js';

/** A path in fieldsV1 notation, from the root: `['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image']`. */
export type FieldPath = readonly string[];

/** The paths, each once. */
export const uniquePaths = (paths: readonly FieldPath[]): FieldPath[] => [
  ...new Map(paths.map((path) => [path.join('\n'), path])).values(),
];

/** The path of every member of a field set, in its order. The member `.` is the node itself. */
export function* membersOf(fields: FieldsV1, path: FieldPath = []): Generator<FieldPath> {
  for (const [element, children] of Object.entries(fields)) {
    if (element === '.') yield path;
    else if (Object.keys(children).length === 0) yield [...path, element];
    else yield* membersOf(children, [...path, element]);
  }
}

/** True if the set contains `path`, a part of it, or a parent of it. */
export function touches(fields: FieldsV1, path: FieldPath): boolean {
  let at = fields;
  for (const element of path) {
    const next = at[element];
    if (next === undefined) return false;
    if (Object.keys(next).length === 0) return true;
    at = next;
  }
  return true;
}

/** Readable form: `spec.template.spec.containers[name=web].image`, `metadata.annotations["example.com/x"]`. */
export function printPath(path: FieldPath): string {
  return path.map(printElement).join('').replace(/^\./, '');
}

function printElement(element: string): string {
  const body = element.slice(2);
  switch (element.slice(0, 2)) {
    case 'f:':
      return /^[\w-]+$/.test(body) ? `.${body}` : `[${JSON.stringify(body)}]`;
    case 'k:':
      return `[${Object.entries(JSON.parse(body) as Record<string, unknown>)
        .map(([name, value]) => `${name}=${String(value)}`)
        .join(',')}]`;
    case 'v:':
      return `[=${body}]`;
    default:
      return `[${body}]`;
  }
}

/** The value at a fieldsV1 path of a live object, or undefined. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  let at = object;
  for (const element of path) {
    if (at === undefined || at === null) return undefined;
    at = step(at, element);
  }
  return at;
}

/** The JSON pointers (RFC 6901) of a path in a live object; several where list items have the same key, or none. */
export function pointersOf(object: unknown, path: FieldPath): string[] {
  let found: { pointer: string; at: unknown }[] = [{ pointer: '', at: object }];
  for (const element of path) {
    found = found.flatMap(({ pointer, at }) =>
      placesOf(at, element).map(([token, value]) => ({ pointer: `${pointer}/${token}`, at: value })),
    );
  }
  return found.map(({ pointer }) => pointer);
}

/** Each member of a map or list that an element stands for, with its token in a JSON pointer. */
function placesOf(at: unknown, element: string): [token: string, value: unknown][] {
  const value = step(at, element);
  if (value === undefined) return [];
  if (isMap(at)) return [[element.slice(2).replaceAll('~', '~0').replaceAll('/', '~1'), value]];
  const items = at as readonly unknown[];
  const keys = element.startsWith('k:') ? Object.keys(JSON.parse(element.slice(2)) as object) : [];
  const isSame = (item: unknown): boolean =>
    item === value || (isMap(item) && isMap(value) && keys.length > 0 && keys.every((key) => item[key] === value[key]));
  return items.flatMap((item, index): [string, unknown][] => (isSame(item) ? [[String(index), item]] : []));
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
