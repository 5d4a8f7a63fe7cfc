import { basename } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** SQL stands in these files of production code, and in repositories; tests and tools read any table. */
const places = [
  /^apps\/[^/]+\/src\/schema\/(migrations\/|retention-rules\.ts$)/,
  /^libs\/platform\/persistence\//,
  /^libs\/testing\//,
];

/** A statement, also within another one or as an expression. A placeholder of a template stands as `?`. */
const statement =
  /^\s*(select \S|delete from|insert into|with (recursive )?\w+ as\b)|^\s*update \S+( \w+)? set\b|\b(SELECT|INSERT INTO|DELETE FROM)\b|\bUPDATE \S+( \w+)? SET\b|\bpg_\w+\(/;

const calls = new Set(['query', 'createQueryBuilder', 'runSql']);

/** Each statement, and each call that runs one, in a production file that is no place for SQL, with its line. */
export function misplacedSql(file: SourceFile): string[] {
  const { name, text } = file;
  if (!isProduction(name) || places.some((place) => place.test(name)) || isRepository(file)) return [];
  return nodesOf(name, text).flatMap(({ node, line }) => {
    const sql = textOf(node);
    const call = calledName(node);
    const found = sql !== undefined && statement.test(sql) ? sql : call !== undefined && calls.has(call) ? call : '';
    return found === '' ? [] : [`${name}:${line}: ${found.trim().split('\n', 1)[0]}`];
  });
}

/**
 * Each repository without the name of its file, and each property of a `…Row` that is no name of a column. Also each
 * other type with a property that is one.
 */
export function misnamedRows({ name, text }: SourceFile): string[] {
  if (!/^apps\/[^/]+\/src\/.*\.ts$/.test(name) || name.endsWith('.spec.ts')) return [];
  return nodesOf(name, text).flatMap(({ node, line }) => {
    if (!ts.isClassDeclaration(node) && !ts.isInterfaceDeclaration(node) && !ts.isTypeAliasDeclaration(node)) return [];
    const type = node.name?.text ?? '';
    if (type.endsWith('Repository'))
      return `${hyphenated(type)}.ts` === basename(name) ? [] : [`${name}:${line}: ${type}`];
    const wrong = type.endsWith('Row') ? /[A-Z]/ : /_/;
    return propertiesOf(node)
      .filter((property) => wrong.test(property))
      .map((property) => `${name}:${line}: ${type}.${property}`);
  });
}

/** The names of the properties of a type, also of those that it adds to another one. */
function propertiesOf(node: ts.Node): string[] {
  const own = ts.isPropertySignature(node) || ts.isPropertyDeclaration(node) ? [node.name] : [];
  const within = ts.isPropertySignature(node) || ts.isMethodDeclaration(node) ? [] : childrenOf(node);
  return [...own.flatMap((each) => (ts.isIdentifier(each) ? [each.text] : [])), ...within.flatMap(propertiesOf)];
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

const isProduction = (name: string): boolean =>
  /^(apps|libs)\/.*\/src\/.*\.ts$/.test(name) && !name.endsWith('.spec.ts');

/** A file `<noun>-repository.ts` that exports the class `<Noun>Repository`. */
const isRepository = ({ name, text }: SourceFile): boolean =>
  name.endsWith('-repository.ts') &&
  [...text.matchAll(/^ *export class (\w+)/gm)].some(([, type = '']) => `${hyphenated(type)}.ts` === basename(name));

const hyphenated = (type: string): string => type.replaceAll(/(?!^)[A-Z]/g, '-$&').toLowerCase();

function nodesOf(name: string, text: string): { readonly node: ts.Node; readonly line: number }[] {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: { readonly node: ts.Node; readonly line: number }[] = [];
  const visit = (node: ts.Node): void => {
    found.push({ node, line: source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.head.text + node.templateSpans.map(({ literal }) => `?${literal.text}`).join('');
}

function calledName(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : undefined;
}
