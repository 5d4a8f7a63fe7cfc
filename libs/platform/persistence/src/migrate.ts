import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource, type MigrationClass, schemaOf } from './data-source.js';
import { IdempotencyAskedBy1790000000001 } from './idempotency-asked-by.js';
import { IdempotencyTable1700000000001 } from './idempotency-table.js';
import { OutboxTable1700000000002 } from './outbox-table.js';
import { judgeMigrations } from './judge-migrations.js';
import { grantAccess, makeSchemaAndRole, type Role } from './schema-and-role.js';
import { sqlState, sqlStateOf } from './sql-state.js';

export interface MigrationPlan {
  readonly service: string;
  /** Who may make schemas and roles. */
  readonly ownerUrl: string;
  /** Whom the service connects as. */
  readonly role: Role;
  readonly migrations: readonly MigrationClass[];
  /** Rows a service cannot be without, made once; runs each time, as the owner, so it must look first. */
  readonly after?: (dataSource: DataSource) => Promise<void>;
  /** Told each time when a statement gave up waiting for a table that somebody uses. */
  readonly onBusy?: () => void;
}

/** What every schema has comes first: idempotency records and an outbox. */
export const withThePlatforms = (migrations: readonly MigrationClass[]): readonly MigrationClass[] => [
  IdempotencyTable1700000000001,
  OutboxTable1700000000002,
  IdempotencyAskedBy1790000000001,
  ...migrations,
];

/** Whoever waits for a table holds up everybody who comes later: after this it lets them pass, ms. */
const lockTimeoutMs = 1_000;
/** Then it is tried again, so often and after this, ms: whoever uses a table that long will have ended. */
const tries = 60;
const pauseMs = 1_000;
/** Asked for again so often while another service migrates, ms. */
const turnMs = 50;

/**
 * Makes the schema, role and tables of a service as its migrations say, and resolves with the names of those that ran.
 * The version before goes on serving meanwhile. One at a time per database, whoever else tries: replicas may all call it.
 */
export async function migrate(plan: MigrationPlan): Promise<string[]> {
  await judgeMigrations(withThePlatforms(plan.migrations));
  const owner = new pg.Client({ connectionString: plan.ownerUrl, connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    await takeTurn(owner);
    const schema = schemaOf(plan.service);
    await makeSchemaAndRole(owner, schema, plan.role);
    const ran = await runMigrations(plan, schema);
    await grantAccess(owner, schema, plan.role);
    return ran;
  } finally {
    await owner.end(); // which also lets go of the lock
  }
}

/** Not by waiting in a statement: an index that is made meanwhile would wait for that statement to end. */
async function takeTurn(owner: pg.Client): Promise<void> {
  const text = `SELECT pg_try_advisory_lock(hashtext('runos'), hashtext('migrate')) AS ours`;
  while (!(await owner.query<{ ours: boolean }>(text)).rows[0].ours) await sleep(turnMs);
}

async function runMigrations(plan: MigrationPlan, schema: string): Promise<string[]> {
  const { service, ownerUrl, migrations, after } = plan;
  const dataSource = createDataSource({
    url: ownerUrl,
    schema,
    applicationName: `${service}:migrate`,
    poolSize: 2,
    statementTimeoutMs: 0,
    lockTimeoutMs,
    migrations: withThePlatforms(migrations),
  });
  await dataSource.initialize();
  try {
    const before = await executed(dataSource);
    await patiently(plan, () => dataSource.runMigrations());
    await patiently(plan, async () => after?.(dataSource));
    return (await executed(dataSource)).slice(before.length);
  } finally {
    await dataSource.destroy();
  }
}

/** What gave up waiting for a lock left nothing behind and is tried again. */
async function patiently({ onBusy }: MigrationPlan, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (sqlStateOf(error) !== sqlState.lockNotAvailable || attempt === tries) throw error;
      onBusy?.();
      await sleep(pauseMs);
    }
  }
}

/** Names of the migrations that this schema has seen, in order. */
async function executed(dataSource: DataSource): Promise<string[]> {
  const [{ there }] = await dataSource.query<{ there: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS there`,
  );
  if (!there) return [];
  const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}
