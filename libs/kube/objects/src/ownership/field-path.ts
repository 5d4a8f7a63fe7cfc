import type { FieldsV1 } from '../kube-object.js';

/** A path in fieldsV1 notation, from the root: `['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:image']`. */
export type FieldPath = readonly string[];

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
