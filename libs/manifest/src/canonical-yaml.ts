import { isMap } from './is-map.js';

type Scalar = string | number | boolean | null | undefined;
/** A value of a file: what JSON has, in the order in which it is written. Undefined is left out. */
export type YamlValue = Scalar | readonly YamlValue[] | YamlMap;
export interface YamlMap {
  readonly [key: string]: YamlValue;
}

/**
 * YAML in the form that existing clients write and compare byte by byte: that of go-yaml v3 with its default indent. An
 * item of a list adds two columns to it, anything else goes to the next multiple of four. Source: `encode.go` and
 * `emitterc.go` of gopkg.in/yaml.v3.
 */
export const canonicalYaml = (map: YamlMap): string => (isEmpty(map) ? '{}\n' : `${linesOfMap(map, 0).join('\n')}\n`);

const isEmpty = (value: YamlValue): boolean =>
  (Array.isArray(value) && value.length === 0) || (isMap(value) && entriesOf(value).length === 0);

const entriesOf = (map: YamlMap): [string, YamlValue][] =>
  Object.entries(map).filter(([, value]) => value !== undefined);

const blanks = (count: number): string => ' '.repeat(count);

const nextIndent = (column: number): number => 4 * (Math.floor(column / 4) + 1);

function linesOfMap(map: YamlMap, column: number): string[] {
  return entriesOf(map).flatMap(([key, value]) => {
    const name = `${blanks(column)}${key.includes('\n') ? quoted(key) : scalar(key, column)}:`;
    if (isEmpty(value)) return [`${name} ${Array.isArray(value) ? '[]' : '{}'}`];
    if (Array.isArray(value)) return [name, ...linesOfList(value as readonly YamlValue[], nextIndent(column))];
    if (isMap(value)) return [name, ...linesOfMap(value, nextIndent(column))];
    return [`${name} ${scalar(value as Scalar, column)}`];
  });
}

function linesOfList(list: readonly YamlValue[], column: number): string[] {
  return list.flatMap((item) => {
    if (isEmpty(item)) return [`${blanks(column)}- ${Array.isArray(item) ? '[]' : '{}'}`];
    const inner = Array.isArray(item)
      ? linesOfList(item as readonly YamlValue[], column + 2)
      : isMap(item)
        ? linesOfMap(item, column + 2)
        : [`${blanks(column + 2)}${scalar(item as Scalar, column)}`];
    const [first = '', ...others] = inner;
    return [`${blanks(column)}- ${first.slice(column + 2)}`, ...others];
  });
}

/** Texts that readers of YAML 1.1 or 1.2 take for another type. */
const otherType =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|<<|=|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const numbers: readonly RegExp[] = [
  /^[-+]?\d[\d_]*$/,
  /^[-+]?0[box][\da-fA-F_]+$/,
  /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/, // sexagesimal
];
const times: readonly RegExp[] = [/^\d{4}-\d{1,2}-\d{1,2}$/, /^\d{4}-\d{1,2}-\d{1,2}[Tt ]\d{1,2}:\d{1,2}:\d{1,2}/];
const isOtherType = (text: string): boolean => [otherType, ...numbers, ...times].some((form) => form.test(text));

/** Characters that a plain text must not begin with, and combinations that end it. */
const specialBegin = /^(?:[,[\]{}#&*!|>'"%@`]|[-?:](?:\s|$)|---|\.\.\.)/;
const specialInside = /: |:$| #|^\s|\s$/;
/** Characters that are written as escapes. */
const unprintable = /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

function scalar(value: Scalar, column: number): string {
  if (typeof value !== 'string') return String(value);
  const withoutBreaks = value.replaceAll('\n', '');
  if (unprintable.test(withoutBreaks)) return quoted(value);
  if (value.includes('\n')) return literal(value, column);
  if (isOtherType(value)) return quoted(value);
  return specialBegin.test(value) || specialInside.test(value) ? `'${value.replaceAll("'", "''")}'` : value;
}

const escapes: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\0': String.raw`\0`,
  '\b': String.raw`\b`,
  '\u001b': String.raw`\e`,
  '\u0085': String.raw`\N`,
  '\u2028': String.raw`\L`,
  '\u2029': String.raw`\P`,
};

const quoted = (text: string): string =>
  `"${text.replaceAll(new RegExp(`["\\\\]|${unprintable.source}`, 'gu'), (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hexadecimal = code.toString(16).toUpperCase();
    return (
      escapes[character] ??
      (code > 0xffff
        ? `\\U${hexadecimal.padStart(8, '0')}`
        : code > 0xff
          ? `\\u${hexadecimal.padStart(4, '0')}`
          : `\\x${hexadecimal.padStart(2, '0')}`)
    );
  })}"`;

/** A text of several lines as a block. Its header has the number of its line ends. */
function literal(text: string, column: number): string {
  let ends = 0;
  while (text.at(-1 - ends) === '\n') ends += 1;
  const body = text.slice(0, text.length - ends);
  if (body === '' || /^[ \n]/.test(body) || / (?:\n|$)/.test(text)) return quoted(text);
  const header = ends === 0 ? '|-' : ends === 1 ? '|' : '|+';
  const indent = blanks(nextIndent(column));
  const lines = (ends > 1 ? text.slice(0, -1) : body).split('\n');
  return [header, ...lines.map((line) => (line === '' ? '' : indent + line))].join('\n');
}
