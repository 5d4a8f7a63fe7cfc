import { createLogger, type Logger } from '@runos/observability';
import { type TemporaryPostgres, temporaryPostgres } from '@runos/testing-postgres';
import pg from 'pg';
import { Column, Entity, type MigrationInterface, PrimaryColumn, type QueryRunner } from 'typeorm';
import { createDataSource } from '../src/connection/data-source.js';
import { Database } from '../src/transactions/database.js';
import { migrate } from '../src/migrations/migrate.js';
import { SqlListener } from '../src/notifications/sql-listener.js';

/** A table of this package's specs. */
@Entity('things')
export class Thing {
  @PrimaryColumn({ type: 'text' }) aid: string;
  @PrimaryColumn({ type: 'text' }) id: string;
  @Column({ type: 'int' }) itemCount: number;
}

export class Things1800000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE TABLE things (aid text, id text, item_count int NOT NULL DEFAULT 0, PRIMARY KEY (aid, id))',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE things');
  }
}

export interface PersistenceHarness {
  readonly postgres: TemporaryPostgres;
  readonly logger: Logger;
  /** The service's own URL. */
  readonly url: string;
  readonly plan: Parameters<typeof migrate>[0];
  /** A replica's view of the schema, as the service's role. */
  open(applicationName: string): Promise<Database>;
  listener(applicationName: string): SqlListener;
  /** Runs statements as the superuser. */
  asOwner(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  stop(): Promise<void>;
}

/** A migrated schema `spec` in a database of its own. */
export async function startHarness(): Promise<PersistenceHarness> {
  const postgres = await temporaryPostgres();
  const logger = createLogger({ service: 'spec', level: 'silent' });
  const role = { name: `spec_${postgres.database}`, password: "it's-a-secret" };
  const plan = { service: 'spec', ownerUrl: postgres.url, role, migrations: [Things1800000000000] };
  await migrate(plan);
  const url = postgres.urlFor(role.name, role.password);
  const stops: (() => Promise<void>)[] = [];
  const owner = new pg.Client({ connectionString: postgres.url });
  await owner.connect();
  return {
    postgres,
    logger,
    url,
    plan,
    open: async (applicationName) => {
      const entities = [Thing];
      const limits = { poolSize: 5, statementTimeoutMs: 5_000 };
      const dataSource = createDataSource({ url, schema: 'spec', applicationName, entities, ...limits });
      await dataSource.initialize();
      stops.push(() => dataSource.destroy());
      return new Database(dataSource);
    },
    listener: (applicationName) => {
      const listener = new SqlListener({ url, applicationName, logger });
      stops.push(() => listener.stop());
      return listener;
    },
    asOwner: async (text, values) => (await owner.query<Record<string, unknown>>(text, values)).rows,
    stop: async () => {
      try {
        await Promise.all(stops.map((stop) => stop()));
        await owner.end();
      } finally {
        await postgres.stop();
      }
    },
  };
}
