const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** Sorted, each value in double quotes, with five characters escaped. */
export const printEnvFile = (variables: Readonly<Record<string, string>>): string =>
  Object.keys(variables)
    .sort()
    .map((name) => `${name}="${(variables[name] ?? '').replaceAll(/[\\"\n\r\t]/g, (each) => escapes[each] ?? each)}"\n`)
    .join('');

const unescaped: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** Reads values without quotes, in single quotes, and in double quotes with escapes, which may span lines. */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const line = rest.split('\n', 1)[0] ?? '';
    const [name = ''] = line.split('=', 1);
    const value = rest.slice(name.length + 1);
    const isVariable = /^[A-Za-z_]\w*$/.test(name) && line !== name;
    const quoted = isVariable && value.startsWith('"') ? doubleQuoted(value) : undefined;
    rest = quoted === undefined ? rest.slice(line.length + 1) : value.slice(quoted.length + 1);
    if (isVariable) variables[name] = quoted?.value ?? unquoted(line.slice(name.length + 1));
  }
  return variables;
}

const unquoted = (text: string): string =>
  text.length > 1 && text.startsWith("'") && text.endsWith("'") ? text.slice(1, -1) : text.trimEnd();

/** The value up to the closing quote, and the length with both quotes. */
function doubleQuoted(text: string): { value: string; length: number } {
  let value = '';
  let at = 1;
  for (; at < text.length && text[at] !== '"'; at += 1) {
    const isEscape = text[at] === '\\';
    if (isEscape) at += 1;
    const each = text[at] ?? '';
    value += isEscape ? (unescaped[each] ?? each) : each;
  }
  return { value, length: at + 1 };
}
