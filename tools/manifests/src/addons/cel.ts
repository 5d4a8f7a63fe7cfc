/** Literals of CEL, the language of the admission policies. */

/** An expression instead of a literal: `registry + '/widgets'`. */
export class CelExpression {
  constructor(readonly source: string) {}
}

export type Entries = readonly (readonly [key: string, value: string])[];

export const text = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`;

/** Each text once, sorted. */
export const list = (values: readonly string[]): string => `[${[...new Set(values)].sort().map(text).join(', ')}]`;

/** One entry per line; the values are expressions. */
export const map = (entries: Entries): string =>
  ['{', ...entries.map(([key, value]) => `${text(key)}: ${value},`), '}'].join('\n');

/**
 * Any JSON value. CEL requires one type for the items of a list or map, so that those of several types become `dyn`.
 * @throws Error for a number with a fraction, which Kubernetes does not compare exactly
 */
export function literal(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (value instanceof CelExpression) return value.source;
  if (typeof value === 'boolean' || Number.isInteger(value)) return String(value);
  if (Array.isArray(value)) return `[${joined(value.map((item) => itemOf(value, item)))}]`;
  if (typeof value !== 'object' || value === null) throw new Error(`not a literal of CEL: ${String(value)}`);
  const items = Object.values(value);
  const entries = Object.entries(value).map(([key, item]) => `${text(key)}: ${itemOf(items, item)}`);
  return `{${joined(entries)}}`;
}

/** On lines of their own if they are too long for one. */
function joined(parts: readonly string[]): string {
  const line = parts.join(', ');
  return line.length <= 100 ? line : `\n${parts.join(',\n')}\n`;
}

const isText = (value: unknown): boolean => typeof value === 'string' || value instanceof CelExpression;

const itemOf = (all: readonly unknown[], item: unknown): string =>
  all.every(isText) ? literal(item) : `dyn(${literal(item)})`;

/** The lines of a variable of an admission policy. */
export const variable = (name: string, entries: Entries): string[] => [
  `    - name: ${name}`,
  '      expression: >-',
  ...map(entries)
    .split('\n')
    .map((line) => `        ${line}`),
];
