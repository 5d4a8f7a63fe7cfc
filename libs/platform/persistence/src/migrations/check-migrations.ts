import type { AlterTableCmd, ColumnDef, Constraint, DropStmt, Node, ObjectType, RangeVar } from 'libpg-query';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import type { MigrationClass } from '../connection/data-source.js';

/**
 * A migration that breaks or blocks the previous version. It belongs into a later release than the code that stops
 * needing the old shape; `contraction` states why it is safe.
 */
export interface ContractingMigration extends MigrationInterface {
  readonly contraction: string;
}

/**
 * Rejects migrations that would disturb the running previous version, before any of them runs.
 * @throws Error with each statement and its effect
 */
export async function checkMigrations(migrations: readonly MigrationClass[]): Promise<void> {
  const problems = await Promise.all(migrations.map(problemsOf));
  if (problems.flat().length > 0) throw new Error(problems.flat().join('\n'));
}

async function problemsOf(Migration: MigrationClass): Promise<string[]> {
  const migration = new Migration() as MigrationInterface & Partial<ContractingMigration>;
  const contracting = await contractingStatements(await statementsOf(migration));
  const { contraction } = migration;
  if (contraction === undefined) {
    return contracting.map((what) => `${Migration.name}: ${what}; state in its \`contraction\` why that is safe`);
  }
  return contracting.length > 0 ? [] : [`${Migration.name} has a contraction but no contracting statement`];
}

/** Records the statements of a migration without a database. */
async function statementsOf(migration: MigrationInterface): Promise<string[]> {
  const texts: string[] = [];
  const query = async (text: string): Promise<unknown[]> => (texts.push(text), []);
  await migration.up({ query } as Partial<QueryRunner> as QueryRunner);
  return texts;
}

interface Statement {
  readonly node: Node;
  /** The first 100 characters. */
  readonly text: string;
}

/**
 * Statements of one migration that would break or block the running previous version, each with its effect. Statements on
 * tables that the same migration creates are harmless.
 * @throws SqlError when PostgreSQL's parser rejects a statement
 */
export async function contractingStatements(texts: readonly string[]): Promise<string[]> {
  const created = new Set<string>();
  const statements = (await Promise.all(texts.map(parseStatements))).flat();
  return statements.flatMap(({ node, text }) => {
    if ('CreateStmt' in node) created.add(nameOf(node.CreateStmt.relation));
    return effectsOf(node, created).map((effect) => `${text} ${effect}`);
  });
}

/** Parses with PostgreSQL's own grammar. Imported on use, because only migration programs need it. */
async function parseStatements(sql: string): Promise<Statement[]> {
  const { parse } = await import('libpg-query');
  const bytes = Buffer.from(sql);
  const { stmts = [] } = await parse(sql);
  return stmts.flatMap(({ stmt, stmt_location: start = 0, stmt_len: length = bytes.length }) => {
    const text = bytes.subarray(start, start + length).toString();
    return stmt === undefined ? [] : [{ node: stmt, text: text.trim().replaceAll(/\s+/g, ' ').slice(0, 100) }];
  });
}

const nameOf = ({ schemaname, relname = '' }: RangeVar = {}): string =>
  schemaname === undefined ? relname : `${schemaname}.${relname}`;

const removesObject = 'removes an object that the previous version uses';
const rejectsWrites = 'rejects rows that the previous version may write';

function effectsOf(node: Node, created: ReadonlySet<string>): string[] {
  if ('AlterTableStmt' in node) {
    const { relation, objtype, cmds = [] } = node.AlterTableStmt;
    if (objtype !== 'OBJECT_TABLE' || created.has(nameOf(relation))) return [];
    return cmds.flatMap((cmd) => ('AlterTableCmd' in cmd ? (effectOfCommand(cmd.AlterTableCmd) ?? []) : []));
  }
  if ('RenameStmt' in node) {
    const { renameType, relation } = node.RenameStmt;
    if (renameType === 'OBJECT_INDEX' || created.has(nameOf(relation))) return [];
    return ['renames an object that the previous version uses'];
  }
  if ('DropStmt' in node) return dropsUsedObject(node.DropStmt, created) ? [removesObject] : [];
  if ('TruncateStmt' in node) {
    const tables = (node.TruncateStmt.relations ?? []).map((table) => ('RangeVar' in table ? table.RangeVar : {}));
    return tables.every((table) => created.has(nameOf(table))) ? [] : [removesObject];
  }
  if ('IndexStmt' in node) {
    const { concurrent, relation } = node.IndexStmt;
    return concurrent || created.has(nameOf(relation)) ? [] : ['blocks writers until the index is built'];
  }
  return locksTables(node) ? ['blocks everything that uses the table'] : [];
}

const locksTables = (node: Node): boolean =>
  'LockStmt' in node ||
  'ClusterStmt' in node ||
  'ReindexStmt' in node ||
  ('VacuumStmt' in node && node.VacuumStmt.is_vacuumcmd === true);

const tableTypes: readonly (ObjectType | undefined)[] = ['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW'];
const otherTypes: readonly (ObjectType | undefined)[] = [
  'OBJECT_FUNCTION',
  'OBJECT_SEQUENCE',
  'OBJECT_SCHEMA',
  'OBJECT_TRIGGER',
  'OBJECT_TYPE',
];

function dropsUsedObject({ removeType, objects = [] }: DropStmt, created: ReadonlySet<string>): boolean {
  if (!tableTypes.includes(removeType)) return otherTypes.includes(removeType);
  return !objects.every((object) => 'List' in object && created.has(stringsOf(object.List.items).join('.')));
}

const stringsOf = (nodes: readonly Node[] = []): string[] =>
  nodes.flatMap((node) => ('String' in node ? (node.String.sval ?? []) : []));

function effectOfCommand({ subtype, def }: AlterTableCmd): string | undefined {
  switch (subtype) {
    case 'AT_DropColumn':
      return 'removes a column that the previous version uses';
    case 'AT_AlterColumnType':
      return 'changes a type that the previous version reads, and rewrites the table';
    case 'AT_SetNotNull':
    case 'AT_AddConstraint':
      return rejectsWrites;
    case 'AT_AddColumn':
      return def !== undefined && 'ColumnDef' in def ? effectOfColumn(def.ColumnDef) : undefined;
    default:
      return undefined;
  }
}

const serialTypes = ['smallserial', 'serial', 'bigserial', 'serial2', 'serial4', 'serial8'];
const volatileFunctions = ['gen_random_uuid', 'uuidv4', 'uuidv7', 'random', 'clock_timestamp', 'nextval'];

/** The effect of an added column. */
function effectOfColumn({ typeName, constraints = [] }: ColumnDef): string | undefined {
  const all = constraints.flatMap((node) => ('Constraint' in node ? node.Constraint : []));
  const has = (...types: readonly Constraint['contype'][]) => all.some(({ contype }) => types.includes(contype));
  const isSerial = stringsOf(typeName?.names).some((name) => serialTypes.includes(name));
  const isComputed = all.some(({ raw_expr }) => functionsIn(raw_expr).some((name) => volatileFunctions.includes(name)));
  if (isSerial || isComputed || has('CONSTR_IDENTITY', 'CONSTR_GENERATED'))
    return 'rewrites the table under a full lock';
  if (has('CONSTR_NOTNULL') && !has('CONSTR_DEFAULT')) return 'rejects every row of the previous version';
  return has('CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_FOREIGN', 'CONSTR_EXCLUSION')
    ? 'scans the whole table while writers are blocked'
    : undefined;
}

/** The names of all functions that an expression calls. */
function functionsIn(expression: unknown): string[] {
  if (typeof expression !== 'object' || expression === null) return [];
  return Object.entries(expression).flatMap(([key, value]: [string, unknown]) => [
    ...(key === 'FuncCall' ? stringsOf((value as { funcname?: Node[] }).funcname) : []),
    ...functionsIn(value),
  ]);
}
