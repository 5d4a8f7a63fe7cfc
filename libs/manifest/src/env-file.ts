import { VariableName } from '@runos/service-types/fields';
import { manifestFault } from './manifest-fault.js';

const escapes: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', '\n': 'n', '\r': 'r', '\t': 't' };
const escaped: Readonly<Record<string, string>> = { '\\': '\\', '"': '"', n: '\n', r: '\r', t: '\t' };

/** The text of a file of variables, as existing clients write it: sorted, each value in double quotes. */
export const printEnvFile = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([name, value]) =>
        `${name}="${value.replaceAll(/[\\"\n\r\t]/g, (character) => `\\${escapes[character] ?? ''}`)}"\n`,
    )
    .join('');

/** A file holds at most 512 KiB of variables; escapes need more. */
const maxCharacters = 2_097_152;

/**
 * The variables of a file, one per line. A value without quotes ends with its line. One in single quotes, or in double
 * quotes with escapes, may span lines. A line that begins with `#` is a comment.
 * @throws Fault `manifest.invalid` with line and column; it never quotes a value
 */
export function parseEnvFile(fileName: string, text: string): Readonly<Record<string, string>> {
  const content = text.replace(/^\ufeff/, '');
  const refuse = (at: number, path: string, message: string) => refused(fileName, content, at, path, message);
  if (content.length > maxCharacters) throw refuse(0, '', `has more than ${maxCharacters} characters`);
  const variables = new Map<string, string>();
  for (let start = 0; start < content.length;) {
    const lineEnd = endOfLine(content, start);
    const line = content.slice(start, lineEnd).trim();
    if (line === '' || line.startsWith('#')) {
      start = lineEnd + 1;
      continue;
    }
    const equals = content.indexOf('=', start);
    if (equals < 0 || equals > lineEnd) throw refuse(start, '', 'is no line NAME=value');
    const name = content
      .slice(start, equals)
      .trim()
      .replace(/^export\s/, '')
      .trim();
    if (!VariableName.safeParse(name).success) throw refuse(start, name, 'is no name of a variable');
    if (variables.has(name)) throw refuse(start, name, 'is set twice');
    const value = valueAt(content, equals + 1);
    if (value === undefined) throw refuse(start, name, 'has a quoted value that does not end, or text after its end');
    if (/[^\P{Cc}\n\r\t]/u.test(value.text)) throw refuse(start, name, 'has a control character');
    variables.set(name, value.text);
    start = value.next;
  }
  return Object.fromEntries(variables);
}

const endOfLine = (content: string, from: number): number => {
  const end = content.indexOf('\n', from);
  return end < 0 ? content.length : end;
};

interface Value {
  readonly text: string;
  /** Where the next line begins. */
  readonly next: number;
}

/** The value that begins at an offset; undefined for a quoted one that does not end, or that more than a comment follows. */
function valueAt(content: string, offset: number): Value | undefined {
  let begin = offset;
  while (content[begin] === ' ' || content[begin] === '\t') begin += 1;
  const quote = content[begin];
  if (quote !== '"' && quote !== "'") {
    const end = endOfLine(content, begin);
    return { text: content.slice(begin, end).trimEnd(), next: end + 1 };
  }
  const close = closingQuote(content, begin + 1, quote);
  if (close === undefined) return undefined;
  const end = endOfLine(content, close);
  const after = content.slice(close + 1, end).trim();
  if (after !== '' && !after.startsWith('#')) return undefined;
  const raw = content.slice(begin + 1, close);
  return { text: quote === '"' ? unescape(raw) : raw, next: end + 1 };
}

function closingQuote(content: string, from: number, quote: string): number | undefined {
  for (let at = from; at < content.length; at += 1) {
    if (content[at] === quote) return at;
    if (content[at] === '\\' && quote === '"') at += 1;
  }
  return undefined;
}

/** An escape that is not known stays as it is. */
const unescape = (raw: string): string =>
  raw.replaceAll(/\\([^])/g, (whole, character: string) => escaped[character] ?? whole);

function refused(fileName: string, content: string, at: number, path: string, message: string) {
  const before = content.slice(0, at).split('\n');
  return manifestFault(fileName, [{ path, message, line: before.length, column: (before.at(-1) ?? '').length + 1 }]);
}
