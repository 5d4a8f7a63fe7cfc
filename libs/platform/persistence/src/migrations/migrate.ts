import { setTimeout as sleep } from 'node:timers/promises';
import { configOrExit, databaseSettings, secret, urlOf } from '@runos/config';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { createDataSource, type MigrationClass, schemaOf } from '../connection/data-source.js';
import { sqlState, sqlStateOf } from '../connection/sql-state.js';
import { CreateIdempotency1700000000001 } from '../idempotency/idempotent.js';
import { CreateOutbox1700000000002 } from '../outbox/outbox.js';
import { checkMigrations } from './check-migrations.js';
import { createSchemaAndRole, grantAccess, type Role } from './schema-and-role.js';

export interface MigrationPlan {
  readonly service: string;
  /** A role that may create schemas and roles. */
  readonly ownerUrl: string;
  /** The role of the service. */
  readonly role: Role;
  readonly migrations: readonly MigrationClass[];
  /** Creates rows that the service requires. Runs on every migration as the owner, so it must be idempotent. */
  readonly after?: (dataSource: DataSource) => Promise<void>;
  /** Called for each lock timeout. */
  readonly onBusy?: () => void;
}

/** The tables of every schema come first: idempotency keys and outbox. */
export const withPlatformMigrations = (migrations: readonly MigrationClass[]): readonly MigrationClass[] => [
  CreateIdempotency1700000000001,
  CreateOutbox1700000000002,
  ...migrations,
];

/** A statement that waits for a table lock blocks later statements, so it gives up after this, ms. */
const lockTimeoutMs = 1_000;
/** No request waits for a migration, so it waits for a busy server, ms. */
const connectTimeoutMs = 30_000;
/** Attempts after lock timeouts and the pause between them, ms. */
const maxAttempts = 60;
const retryPauseMs = 1_000;
/** Poll interval for the migration lock of the database, ms. */
const lockPollMs = 50;

/**
 * Creates the schema, role and tables of a service and returns the names of the migrations that ran. The previous version
 * keeps serving meanwhile. Migrations of one database are serialized, so several replicas may call it.
 */
export async function migrate(plan: MigrationPlan): Promise<string[]> {
  await checkMigrations(withPlatformMigrations(plan.migrations));
  const owner = new pg.Client({ connectionString: plan.ownerUrl, connectionTimeoutMillis: connectTimeoutMs });
  await owner.connect();
  try {
    await acquireMigrationLock(owner);
    const schema = schemaOf(plan.service);
    await createSchemaAndRole(owner, schema, plan.role);
    const ran = await runMigrations(plan, schema);
    await grantAccess(owner, schema, plan.role);
    return ran;
  } finally {
    await owner.end(); // also releases the lock
  }
}

/** Polls instead of waiting in a statement, because CREATE INDEX CONCURRENTLY would wait for that statement. */
async function acquireMigrationLock(owner: pg.Client): Promise<void> {
  const text = `SELECT pg_try_advisory_lock(hashtext('runos'), hashtext('migrate')) AS acquired`;
  while (!(await owner.query<{ acquired: boolean }>(text)).rows[0]?.acquired) await sleep(lockPollMs);
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
    connectTimeoutMs,
    migrations: withPlatformMigrations(migrations),
  });
  await dataSource.initialize();
  try {
    const before = await executed(dataSource);
    await retryOnLockTimeout(plan, () => dataSource.runMigrations());
    await retryOnLockTimeout(plan, async () => after?.(dataSource));
    return (await executed(dataSource)).slice(before.length);
  } finally {
    await dataSource.destroy();
  }
}

/** A migration that timed out on a lock was rolled back and is retried. */
async function retryOnLockTimeout({ onBusy }: MigrationPlan, work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (sqlStateOf(error) !== sqlState.lockNotAvailable || attempt === maxAttempts) throw error;
      onBusy?.();
      await sleep(retryPauseMs);
    }
  }
}

/** Names of the executed migrations of this schema, in order. */
async function executed(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ exists: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (!table?.exists) return [];
  const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

const settings = z.object({
  databaseUrl: databaseSettings.databaseUrl,
  databaseOwnerUrl: secret(urlOf('postgres', 'postgresql')),
});

/**
 * The main program of a service's migration. `RUNOS_DATABASE_OWNER_URL` may create schemas and roles; user and password of
 * `RUNOS_DATABASE_URL` become the service's role. Exits with 1 on failure.
 */
export async function runMigration(plan: Pick<MigrationPlan, 'service' | 'migrations' | 'after'>): Promise<void> {
  const { databaseUrl, databaseOwnerUrl } = configOrExit(settings);
  const { username, password } = new URL(databaseUrl);
  const role = { name: decodeURIComponent(username), password: decodeURIComponent(password) };
  try {
    const ran = await migrate({ ...plan, ownerUrl: databaseOwnerUrl, role });
    process.stdout.write(`${plan.service}: ${ran.length === 0 ? 'nothing to migrate' : `ran ${ran.join(', ')}`}\n`);
  } catch (error) {
    process.stderr.write(`${plan.service}: the migration failed: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  }
}
