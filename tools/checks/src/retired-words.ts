import ts from 'typescript';
import { proseIn, withoutCode } from './prose.js';
import { type RetiredTerm, allowedIdentifiers, retiredTerms } from './retired-terms.js';
import type { SourceFile } from './source-files.js';

/** A word, and the forms of a verb on -s, -ed and -ing. Some of them are no English words, which does no harm. */
function formsOf(word: string): string[] {
  const stem = word.replace(/e$/, '');
  const doubled = /[^aeiou][aeiou][bdglmnprt]$/.test(word) ? `${word}${word.slice(-1)}` : stem;
  const endings = [`${word}s`, `${word}es`, `${stem}ed`, `${stem}ing`, `${doubled}ed`, `${doubled}ing`];
  return [word, ...endings];
}

const tableOf = (terms: readonly RetiredTerm[]): ReadonlyMap<string, string> =>
  new Map(terms.flatMap(({ words, use }) => words.flatMap(formsOf).map((form) => [form, use] as const)));

const replacements = tableOf(retiredTerms);
const replacementsInProse = tableOf(retiredTerms.filter(({ inProse }) => inProse === true));

/** `JobLeaveMs`, `job_leave_ms` and `job-leave.spec` → their words in lower case. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);

/** A string that is one name, not a sentence: `NoDrift`, `auth.invalid`, `/:aid/clusters`, `agent:*.stop`. */
const singleName = /^\S*[A-Za-z]\S*$/;

/**
 * Returns `file: name -> use …` for each retired word. It reads the file's name, its identifiers, the strings that are
 * one name, and the names in its SQL. In YAML and JSON it reads each key and each value that is one name. In `.proto`
 * and `.go` files it reads each name outside of strings and comments.
 */
export function retiredWordsIn({ name, text }: SourceFile): string[] {
  const names = new Set([name, ...namesIn(name, text)]);
  return [...names].flatMap((one) => {
    if (allowedIdentifiers.has(one)) return [];
    const use = wordsOf(one)
      .map((word) => replacements.get(word))
      .find((found) => found !== undefined);
    return use === undefined ? [] : [`${name}: ${one} -> use ${use}`];
  });
}

/**
 * The same for the words that prose has a better term for. It reads Markdown outside of code, comments, and strings of
 * several words, such as titles of tests and messages. A single word in quotes is a name.
 */
export function retiredProseIn({ name, text }: SourceFile): string[] {
  const prose = [...proseIn({ name, text }), ...(isScript(name) ? sentencesIn(name, text) : [])];
  const words = new Set(
    prose
      .map((part) => withoutCode(part).replace(/"[\w-]+"/g, 'name'))
      .join('\n')
      .match(/[A-Za-z]+/g),
  );
  return [...words].flatMap((word) => {
    const use = replacementsInProse.get(word.toLowerCase());
    return use === undefined ? [] : [`${name}: ${word} -> use ${use}`];
  });
}

const isScript = (name: string): boolean => /\.(ts|mjs)$/.test(name);

function namesIn(name: string, text: string): string[] {
  if (isScript(name)) return identifiersIn(name, text);
  return /\.(proto|go)$/.test(name) ? namesInCode(text) : namesInData(text);
}

function nodesIn(name: string, text: string): ts.Node[] {
  const found: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest));
  return found;
}

const identifiersIn = (name: string, text: string): string[] =>
  nodesIn(name, text).flatMap((node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) return [node.text];
    const string = stringOf(node) ?? '';
    return [...(singleName.test(string) ? [string] : []), ...namesInSql(string)];
  });

/** The strings of several words. */
const sentencesIn = (name: string, text: string): string[] =>
  nodesIn(name, text)
    .map((node) => stringOf(node) ?? '')
    .filter((string) => /[A-Za-z] +[A-Za-z]/.test(string));

/** The text of a string or of a whole template; each expression of the template reads `{}`. */
function stringOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join('{}');
}

/** The names in a text that is SQL by its keywords, without its string literals and comments. */
const namesInSql = (text: string): string[] =>
  /\b(SELECT|INSERT|UPDATE|DELETE|WHERE|RETURNING|CREATE|ALTER)\b/.test(text)
    ? (text.replace(/'[^']*'|--[^\n]*/g, '').match(/\b[A-Za-z]\w*\b/g) ?? [])
    : [];

const namesInCode = (text: string): string[] =>
  text.replace(/\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|\/\/[^\n]*/g, '').match(/\b[A-Za-z]\w*\b/g) ?? [];

/** Keys and one-word values of YAML and JSON. */
const namesInData = (text: string): string[] =>
  text.replace(/#.*/g, '').match(/(?<=^[\s{["'-]*|:\s+["']?)[A-Za-z/][\w./:-]*(?=["']?(:\s|[\s,]*$))/gm) ?? [];
