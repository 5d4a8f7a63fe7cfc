import { type FieldsV1, isMap, type KubeObject } from '../kube-object.js';
import type { FieldPath } from './field-path.js';

/** One step of a pattern: a named field, each item of a list or map, or the items of a list with these keys. */
type Step =
  | { readonly name: string }
  | { readonly each: true }
  | { readonly keys: readonly (readonly [name: string, value: string])[] };

/** Fields and all that is in them. */
export type FieldPattern = readonly Step[];

/** A pattern has at most this many characters. */
export const maxPatternLength = 256;

const nameStep = /^\.?([A-Za-z][\w-]{0,127})/;
const inBrackets = /^\[([^[\]]{0,256})\]/;

/**
 * Parses the form in which events print a field: `spec.replicas`, `metadata.annotations["example.com/x"]`,
 * `spec.template.spec.containers[name=web].resources`; `containers[]` stands for each item. Undefined if it has another
 * form.
 */
export function parseFieldPattern(text: string): FieldPattern | undefined {
  if (text.startsWith('.')) return undefined;
  const steps: Step[] = [];
  for (let rest = text; rest !== '';) {
    const name = nameStep.exec(rest);
    const found = name ?? inBrackets.exec(rest);
    const next = name === null ? found && bracketStep(found[1] ?? '') : { name: name[1] ?? '' };
    if (!found || !next) return undefined;
    steps.push(next);
    rest = rest.slice(found[0].length);
    if (/^[A-Za-z]/.test(rest)) return undefined; // a name follows a dot
  }
  return steps.length > 0 && 'name' in (steps[0] as Step) ? steps : undefined;
}

/** `""` with a name in it, `key=value` pairs, or nothing for each item. */
function bracketStep(text: string): Step | undefined {
  if (text === '') return { each: true };
  if (text.length > 2 && text.startsWith('"') && text.endsWith('"')) return { name: text.slice(1, -1) };
  const keys = text.split(',').map((key) => key.split('=') as [string, string]);
  return keys.some((pair) => pair.length !== 2 || pair.includes('')) ? undefined : { keys };
}

/** True if the pattern contains this field, or a parent of it. */
export const covers = (pattern: FieldPattern, path: FieldPath): boolean =>
  pattern.length <= path.length && pattern.every((one, index) => isElement(one, path[index] ?? ''));

/** Whether an element of fieldsV1 fits a step. */
function isElement(one: Step, element: string): boolean {
  if ('name' in one) return element === `f:${one.name}`;
  if ('each' in one) return element !== '.';
  return element.startsWith('k:') && hasKeys(JSON.parse(element.slice(2)), one.keys);
}

const hasKeys = (item: unknown, keys: readonly (readonly [string, string])[]): boolean =>
  isMap(item) && keys.every(([name, value]) => String(item[name]) === value);

/** The object without the fields of the patterns. A map or list that loses its last member is removed with it. */
export const withoutFields = (object: KubeObject, patterns: readonly FieldPattern[]): KubeObject =>
  patterns.reduce<KubeObject>((left, pattern) => (without(left, pattern) ?? left) as KubeObject, object);

function without(value: unknown, [first, ...rest]: FieldPattern): unknown {
  if (first === undefined) return undefined;
  if (Array.isArray(value)) {
    if ('name' in first) return value;
    const isMeant = (item: unknown) => 'each' in first || hasKeys(item, first.keys);
    return orNothing(
      value,
      value.flatMap((item: unknown) => (isMeant(item) ? (without(item, rest) ?? []) : [item])),
    );
  }
  if (!isMap(value) || 'keys' in first) return value;
  const members = Object.entries(value).flatMap(([name, member]) => {
    const left = 'each' in first || name === first.name ? without(member, rest) : member;
    return left === undefined ? [] : [[name, left] as const];
  });
  return orNothing(value, Object.fromEntries(members));
}

const orNothing = <T extends object>(before: T, after: T): T | undefined =>
  Object.keys(after).length === 0 && Object.keys(before).length > 0 ? undefined : after;

/** The field set without the fields of the patterns; the same set if it contains none. */
export function withoutOwned(fields: FieldsV1, patterns: readonly FieldPattern[], path: FieldPath = []): FieldsV1 {
  const entries = Object.entries(fields);
  const left = entries.flatMap(([element, members]): [string, FieldsV1][] => {
    const at = [...path, element];
    if (patterns.some((pattern) => covers(pattern, at))) return [];
    const rest = withoutOwned(members, patterns, at);
    const isEmptied = rest !== members && Object.keys(rest).every((member) => member === '.');
    return isEmptied ? [] : [[element, rest]];
  });
  const isSame = left.length === entries.length && left.every(([, members], index) => members === entries[index]?.[1]);
  return isSame ? fields : Object.fromEntries(left);
}
