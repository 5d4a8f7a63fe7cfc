import { createDataSource, Database, migrate } from '@runos/persistence';
import { temporaryPostgres } from '@runos/testing-postgres';
import { migrations } from '../src/schema/migrations/index.js';

export interface TestDatabase {
  readonly database: Database;
  /** The URL of the service's own role. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The reconciler's schema on a real, empty PostgreSQL, used by the service's own role. */
export async function startTestDatabase(poolSize = 20): Promise<TestDatabase> {
  const postgres = await temporaryPostgres();
  const role = { name: `${postgres.database}_reconciler`, password: 'secret' };
  await migrate({ service: 'reconciler', ownerUrl: postgres.url, role, migrations });
  const url = postgres.urlFor(role.name, role.password);
  const dataSource = createDataSource({
    url,
    schema: 'reconciler',
    applicationName: 'reconciler:test',
    poolSize,
    statementTimeoutMs: 15_000,
  });
  await dataSource.initialize();
  return {
    database: new Database(dataSource),
    url,
    stop: async () => {
      await dataSource.destroy();
      await postgres.stop();
    },
  };
}
