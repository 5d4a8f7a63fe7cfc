import pg from 'pg';
import type { DataSource } from 'typeorm';
import { createDataSource, type MigrationClass, schemaOf } from './data-source.js';
import { IdempotencyTable1700000000001 } from './idempotency-table.js';
import { OutboxTable1700000000002 } from './outbox-table.js';
import { grantAccess, makeSchemaAndRole, type Role } from './schema-and-role.js';

export interface MigrationPlan {
  readonly service: string;
  /** Who may make schemas and roles. */
  readonly ownerUrl: string;
  /** Whom the service connects as. */
  readonly role: Role;
  readonly migrations: readonly MigrationClass[];
  /** Rows a service cannot be without, made once; runs each time, as the owner, so it must look first. */
  readonly after?: (dataSource: DataSource) => Promise<void>;
}

/** What every schema has: idempotency records and an outbox. */
const ofThePlatform = [IdempotencyTable1700000000001, OutboxTable1700000000002];

/**
 * Makes the schema, role and tables of a service as its migrations say, and resolves with the names of those that ran.
 * One at a time per database, whoever else tries: replicas may all call it.
 */
export async function migrate(plan: MigrationPlan): Promise<string[]> {
  const owner = new pg.Client({ connectionString: plan.ownerUrl, connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    await owner.query(`SELECT pg_advisory_lock(hashtext('runos'), hashtext('migrate'))`);
    const schema = schemaOf(plan.service);
    await makeSchemaAndRole(owner, schema, plan.role);
    const ran = await runMigrations(plan, schema);
    await grantAccess(owner, schema, plan.role);
    return ran;
  } finally {
    await owner.end(); // which also lets go of the lock
  }
}

async function runMigrations({ service, ownerUrl, migrations, after }: MigrationPlan, schema: string) {
  const dataSource = createDataSource({
    url: ownerUrl,
    schema,
    applicationName: `${service}:migrate`,
    poolSize: 2,
    statementTimeoutMs: 0,
    migrations: [...ofThePlatform, ...migrations],
  });
  await dataSource.initialize();
  try {
    const ran = await dataSource.runMigrations();
    await after?.(dataSource);
    return ran.map(({ name }) => name);
  } finally {
    await dataSource.destroy();
  }
}
