import { VariableName } from '@runos/service-types';
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

/**
 * The variables of a file. A value has no quotes and ends at the end of the line, or is in single quotes, or in double
 * quotes with escapes; quoted ones may span lines. `#` begins a comment at the beginning of a line.
 * @throws Fault `manifest.invalid` with line and column; it never quotes a value
 */
export function parseEnvFile(fileName: string, text: string): Readonly<Record<string, string>> {
  const variables = new Map<string, string>();
  const content = text.replace(/^\ufeff/, '');
  const assignment = /[ \t]*(?:export[ \t]+)?([^\s=#"']*)[ \t]*=[ \t]*/y;
  for (let at = 0; at < content.length;) {
    const empty = /[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y;
    empty.lastIndex = at;
    if (empty.exec(content) !== null && empty.lastIndex > at) {
      at = empty.lastIndex;
      continue;
    }
    const refuse = (path: string, message: string) => refused(fileName, content, at, path, message);
    assignment.lastIndex = at;
    const name = assignment.exec(content)?.[1];
    if (name === undefined) throw refuse('', 'is no line NAME=value');
    if (!VariableName.safeParse(name).success) throw refuse(name, 'is no name of a variable');
    if (variables.has(name)) throw refuse(name, 'is set twice');
    const value = valueAt(content, assignment.lastIndex);
    if (value === undefined) throw refuse(name, 'has a quoted value that does not end, or text after its end');
    if (/[^\P{Cc}\n\r\t]/u.test(value.text)) throw refuse(name, 'has a control character');
    variables.set(name, value.text);
    at = value.end;
  }
  return Object.fromEntries(variables);
}

/** The value that begins at an offset, and where its line ends. */
function valueAt(content: string, offset: number): { readonly text: string; readonly end: number } | undefined {
  const forms: readonly (readonly [RegExp, (raw: string) => string])[] = [
    [/"((?:[^"\\]|\\[^])*)"[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y, unescape],
    [/'([^']*)'[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/y, (raw) => raw],
    [/((?!["'])[^\r\n]*)\r?(?:\n|$)/y, (raw) => raw.trimEnd()],
  ];
  for (const [form, textOf] of forms) {
    form.lastIndex = offset;
    const raw = form.exec(content)?.[1];
    if (raw !== undefined) return { text: textOf(raw), end: form.lastIndex };
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
