import ts from 'typescript';
import type { SourceFile } from './source-files.js';

/** Words that no identifier, file name or SQL column may contain, each group with the term to use instead. */
export const retiredWords: readonly { readonly words: readonly string[]; readonly use: string }[] = [
  { words: ['tell', 'tells', 'told', 'teller'], use: 'publish, report or log' },
  { words: ['hear', 'hears', 'heard', 'hearing'], use: 'subscribe, receive or handle' },
  { words: ['say', 'says', 'said'], use: 'print, log, report or message' },
  { words: ['ask', 'asks', 'asked'], use: 'request, query or call' },
  { words: ['news'], use: 'updates or events' },
  { words: ['poke', 'pokes', 'poked'], use: 'wakeup' },
  { words: ['lane', 'lanes'], use: 'cluster queue' },
  { words: ['leave', 'leaves'], use: 'absence budget' },
  { words: ['wish', 'wishes', 'wished'], use: 'request or desired' },
  { words: ['want', 'wants', 'wanted', 'unwanted'], use: 'desired, expected or requested' },
  { words: ['fight', 'fights', 'fighting'], use: 'conflict' },
  { words: ['culprit', 'culprits'], use: 'conflicting manager' },
  { words: ['homeless'], use: 'namespace missing' },
  { words: ['postman', 'courier', 'couriers'], use: 'sender or reporter' },
  { words: ['gatekeeper', 'keeper', 'keepers'], use: 'authenticator, store or supervisor' },
  { words: ['hub', 'hubs'], use: 'registry' },
  { words: ['door', 'doors'], use: 'endpoint or port' },
  { words: ['presence', 'restless'], use: 'connection or connected' },
  { words: ['beat', 'beats', 'pulse', 'pulses'], use: 'heartbeat' },
  { words: ['enrol', 'enrols', 'enrolment', 'enrolments'], use: 'registration or issue' },
  {
    words: ['pace', 'pacer', 'pacers', 'patience', 'patient', 'rhythm'],
    use: 'rate limit, timing, timeout or back-off',
  },
  { words: ['rush', 'night', 'nights'], use: 'load, or the duration' },
  { words: ['turn', 'turns'], use: 'reconcile, attempt, index or round' },
  { words: ['executor', 'executors'], use: 'controller' },
  { words: ['verdict', 'verdicts'], use: 'result' },
  { words: ['surplus', 'leftover', 'leftovers'], use: 'orphan or prune' },
  { words: ['surroundings'], use: 'environment or settings' },
  { words: ['fire', 'fires', 'fired'], use: 'resilience, load or chaos test' },
  { words: ['nobody', 'somebody', 'anybody', 'whoever', 'whatever'], use: 'the name of the caller, user or object' },
  { words: ['stranger', 'strangers', 'mine', 'theirs'], use: 'foreign, own, or the name of the owner' },
  { words: ['anew'], use: 'retry or recreate' },
];

/** Whole identifiers that published wires and libraries require. */
export const allowedIdentifiers: ReadonlySet<string> = new Set([
  'wanted', // DIFF_BUNDLE of the agents' wire: live and wanted value of a field
  'nobody', // the Unix user
]);

const replacements = new Map(retiredWords.flatMap(({ words, use }) => words.map((word) => [word, use] as const)));

/** `JobLeaveMs`, `job_leave_ms` and `job-leave.spec` → their words in lower case. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);

/** A string that is one name, not a sentence: `NoDrift`, `auth.invalid`, `waiting-for-agent`. */
const singleName = /^[A-Za-z][A-Za-z0-9._-]*$/;

/**
 * Returns `file: name -> use …` for each retired word. It reads the file's name, its identifiers, the strings that are
 * one name, and the columns of its SQL. In files of `deploy` it reads each key and each value that is one name.
 */
export function retiredWordsIn({ name, text }: SourceFile): string[] {
  const identifiers = /\.(ts|mjs)$/.test(name) ? identifiersIn(name, text) : namesInData(text);
  return [name, ...new Set(identifiers)].flatMap((identifier) => {
    if (allowedIdentifiers.has(identifier)) return [];
    const use = wordsOf(identifier)
      .map((word) => replacements.get(word))
      .find((one) => one !== undefined);
    return use === undefined ? [] : [`${name}: ${identifier} -> use ${use}`];
  });
}

function identifiersIn(name: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) found.push(node.text);
    if (ts.isStringLiteralLike(node) && singleName.test(node.text)) found.push(node.text);
    if (ts.isTemplateLiteralToken(node) || ts.isStringLiteralLike(node)) found.push(...columnsIn(node.text));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(name, text, ts.ScriptTarget.Latest));
  return found;
}

/** Keys and one-word values of YAML and JSON. */
const namesInData = (text: string): string[] =>
  text.replace(/#.*/g, '').match(/(?<=^[\s{["'-]*|:\s+["']?)[A-Za-z][\w.-]*(?=["']?(:|[\s,]*$))/gm) ?? [];

/** Names in lower case in a text that is SQL by its keywords, without its string literals and comments. */
const columnsIn = (text: string): string[] =>
  /\b(SELECT|INSERT|UPDATE|DELETE|WHERE|RETURNING|CREATE|ALTER)\b/.test(text)
    ? (text.replace(/'[^']*'|--[^\n]*/g, '').match(/\b[a-z]+(?:_[a-z0-9]+)*\b/g) ?? [])
    : [];
