/** Words in capitals, brackets and commas among them, with one space in between. */
type Words = string;

const begins = (text: Words, ...beginnings: readonly Words[]): boolean =>
  beginnings.some((beginning) => `${text} `.startsWith(`${beginning} `));
const has = (text: Words, ...parts: readonly Words[]): boolean =>
  parts.some((part) => ` ${text} `.includes(` ${part} `));

const narrowing = ['CONSTRAINT', 'CHECK', 'UNIQUE', 'PRIMARY KEY', 'FOREIGN KEY', 'EXCLUDE'];
const counted = ['GENERATED', 'SERIAL', 'BIGSERIAL', 'SMALLSERIAL'];
const different = ['GEN_RANDOM_UUID', 'UUIDV4', 'UUIDV7', 'RANDOM', 'CLOCK_TIMESTAMP', 'NEXTVAL'];

/** The effect of an ALTER TABLE clause on the previous version; undefined when it has none. */
function whyClause(clause: Words): string | undefined {
  if (begins(clause, 'DROP CONSTRAINT')) return undefined;
  if (begins(clause, 'DROP')) return 'drops a column that the previous version uses';
  if (begins(clause, 'RENAME')) return 'renames what the previous version uses';
  if (begins(clause, 'ALTER') && has(clause, 'TYPE'))
    return 'changes the type that the previous version reads, and rewrites the table';
  if (begins(clause, 'ALTER') && has(clause, 'SET NOT NULL')) return 'rejects what the previous version may write';
  if (!begins(clause, 'ADD')) return undefined;
  if (begins(clause, ...narrowing.map((word) => `ADD ${word}`))) return 'rejects what the previous version may write';
  const rewrites = has(clause, ...counted) || has(clause, ...different.map((word) => `DEFAULT ${word}`));
  if (rewrites) return 'rewrites the table under an exclusive lock';
  if (has(clause, 'NOT NULL') && !has(clause, 'DEFAULT'))
    return 'rejects every row of the previous version, which does not set the column';
  return has(clause, ...narrowing, 'REFERENCES') ? 'scans the whole table while writers are blocked' : undefined;
}

/**
 * The statements of one migration that disturb the previous version, a sentence each. Tables that the migration itself
 * creates are exempt.
 */
export function contractingStatements(texts: readonly string[]): string[] {
  const own = new Set<string>();
  return texts.flatMap(statementsOf).flatMap((statement) => {
    const made = after(statement, 'CREATE TABLE', 'CREATE UNLOGGED TABLE');
    if (made !== undefined) own.add(firstOf(made));
    return why(statement, own).map((reason) => `${statement.slice(0, 100)} ${reason}`);
  });
}

function why(statement: Words, own: ReadonlySet<string>): string[] {
  const altered = after(statement, 'ALTER TABLE');
  if (altered !== undefined) {
    const table = firstOf(altered);
    if (own.has(table)) return [];
    return listOf(altered.slice(table.length + 1)).flatMap((clause) => whyClause(clause) ?? []);
  }
  const gone = after(statement, 'DROP TABLE', 'DROP VIEW', 'DROP MATERIALIZED VIEW', 'TRUNCATE TABLE', 'TRUNCATE');
  if (gone !== undefined) return own.has(firstOf(gone)) ? [] : ['drops an object in use'];
  if (begins(statement, 'DROP FUNCTION', 'DROP SEQUENCE', 'DROP SCHEMA', 'DROP TRIGGER', 'DROP TYPE'))
    return ['drops an object in use'];
  if (begins(statement, 'LOCK', 'CLUSTER', 'REINDEX', 'VACUUM')) return ['blocks all users of the table'];
  if (!begins(statement, 'CREATE INDEX', 'CREATE UNIQUE INDEX') || has(statement, 'CONCURRENTLY')) return [];
  const [, table = ''] = statement.split(' ON ');
  return own.has(firstOf(table)) ? [] : ['blocks writers until the index is built'];
}

/** What follows one of these beginnings, without what only says "if it is there". */
function after(statement: Words, ...beginnings: readonly Words[]): Words | undefined {
  const found = beginnings.find((beginning) => begins(statement, beginning));
  if (found === undefined) return undefined;
  let rest = statement.slice(found.length + 1);
  for (const optional of ['IF NOT EXISTS', 'IF EXISTS', 'ONLY']) {
    if (begins(rest, optional)) rest = rest.slice(optional.length + 1);
  }
  return rest;
}

const firstOf = (text: Words): string => text.split(' ')[0] ?? '';

/** Without comments, texts and bodies of functions. */
function statementsOf(text: string): Words[] {
  const [first = '', ...others] = text.split('/*');
  const withoutComments = [first, ...others.map((part) => part.slice(part.indexOf('*/') + 2))].join(' ');
  const lines = withoutComments.split('\n').map((line) => line.split('--')[0]);
  const outside = (parts: readonly string[]): string => parts.filter((_, index) => index % 2 === 0).join(' ');
  return outside(outside(lines.join(' ').split('$$')).split("'"))
    .replaceAll(/[(),]/g, ' $& ')
    .toUpperCase()
    .split(';')
    .map((statement) => statement.split(/\s/).filter(Boolean).join(' '))
    .filter((statement) => statement !== '');
}

/** What commas separate, but for those within brackets. */
function listOf(text: Words): Words[] {
  const parts: string[][] = [[]];
  let depth = 0;
  for (const word of text.split(' ')) {
    depth += Number(word === '(') - Number(word === ')');
    if (word === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(word);
  }
  return parts.map((words) => words.join(' '));
}
