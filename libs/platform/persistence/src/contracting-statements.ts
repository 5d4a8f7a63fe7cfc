/** What a clause does to those who serve already: whose rules come first wins, `undefined` is nothing. */
const clauseRules: readonly (readonly [RegExp, string | undefined])[] = [
  [/^DROP (CONSTRAINT|DEFAULT|NOT NULL|EXPRESSION|IDENTITY)\b/, undefined],
  [/^DROP\b/, 'takes a column away from whoever still uses it'],
  [/^RENAME\b/, 'takes a name away from whoever still uses it'],
  [/^ALTER (COLUMN )?\S+ (SET DATA )?TYPE\b/, 'changes what whoever serves reads and writes, and rewrites the table'],
  [/^ALTER (COLUMN )?\S+ SET NOT NULL\b/, 'refuses what whoever serves may write'],
  [/^ADD (CONSTRAINT|CHECK|UNIQUE|PRIMARY KEY|FOREIGN KEY|EXCLUDE)\b/, 'refuses what whoever serves may write'],
  [/^ADD .*\b(GENERATED|(SMALL|BIG)?SERIAL)\b/, 'rewrites the table while nobody can use it'],
  [/^ADD .*\bDEFAULT (GEN_RANDOM_UUID|UUIDV\d|RANDOM|CLOCK_TIMESTAMP|NEXTVAL)\b/, 'rewrites the table meanwhile'],
  [/^ADD (?!.*\bDEFAULT\b).*\bNOT NULL\b/, 'refuses every row of whoever does not know the column'],
  [/^ADD .*\b(UNIQUE|PRIMARY KEY|CHECK|REFERENCES)\b/, 'looks through the whole table while nobody can write it'],
];

const statementRules: readonly (readonly [RegExp, string])[] = [
  [/^(DROP (TABLE|VIEW|MATERIALIZED VIEW)|TRUNCATE( TABLE)?) (IF EXISTS )?(?<table>\S+)/, 'takes away what is in use'],
  [/^DROP (FUNCTION|SEQUENCE|SCHEMA|TRIGGER|TYPE)\b/, 'takes away what is in use'],
  [/^CREATE (UNIQUE )?INDEX (?!CONCURRENTLY\b).*? ON (?<table>[^\s(]+)/, 'holds up every writer until it is built'],
  [/^(LOCK|CLUSTER|REINDEX|VACUUM FULL)\b/, 'holds up everybody who uses the table'],
];

const created = /^CREATE (UNLOGGED )?TABLE (IF NOT EXISTS )?(?<table>[^\s(]+)/;
const altered = /^ALTER TABLE (IF EXISTS )?(ONLY )?(?<table>\S+) (?<clauses>.*)$/;

/**
 * What among the statements of one migration a version that serves meanwhile would suffer from, a sentence each. Tables
 * that the migration makes itself are nobody's yet.
 */
export function contractingStatements(texts: readonly string[]): string[] {
  const own = new Set<string>();
  return texts.flatMap(statementsOf).flatMap((statement) => {
    const made = created.exec(statement)?.groups?.['table'];
    if (made !== undefined) own.add(made);
    return why(statement, own).map((reason) => `${statement.slice(0, 100)} ${reason}`);
  });
}

function why(statement: string, own: ReadonlySet<string>): string[] {
  const { table = '', clauses } = altered.exec(statement)?.groups ?? {};
  if (clauses !== undefined) return own.has(table) ? [] : listOf(clauses).flatMap(whyClause);
  for (const [rule, reason] of statementRules) {
    const match = rule.exec(statement);
    if (match) return own.has(match.groups?.['table'] ?? '') ? [] : [reason];
  }
  return [];
}

function whyClause(clause: string): string[] {
  const reason = clauseRules.find(([rule]) => rule.test(clause))?.[1];
  return reason === undefined ? [] : [reason];
}

/** In capitals, without comments, texts and bodies of functions, each on one line. */
function statementsOf(text: string): string[] {
  return text
    .replaceAll(/--.*$/gm, '')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replaceAll(/'(?:[^']|'')*'/g, "''")
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').trim().toUpperCase())
    .filter((statement) => statement !== '');
}

/** What commas separate, but for those within brackets. */
function listOf(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    depth += Number(character === '(') - Number(character === ')');
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}
