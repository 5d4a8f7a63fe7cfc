import { createDataSource, Database, migrate } from '@runos/persistence';
import { temporaryPostgres } from '@runos/testing-postgres';
import { waitUntil } from '@runos/testing-process';
import type { DataSource } from 'typeorm';
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
  const url = postgres.urlFor(role.name, role.password);
  const dataSource = createDataSource({
    url,
    schema: 'reconciler',
    applicationName: 'reconciler:test',
    poolSize,
    statementTimeoutMs: 15_000,
  });
  const stop = async (): Promise<void> => {
    if (dataSource.isInitialized) await dataSource.destroy();
    await postgres.stop();
  };
  try {
    await migrate({ service: 'reconciler', ownerUrl: postgres.url, role, migrations });
    await connect(dataSource);
  } catch (error) {
    await stop();
    throw error;
  }
  return { database: new Database(dataSource), url, stop };
}

/** A connection may take longer than its timeout while other specs create their databases. */
async function connect(dataSource: DataSource): Promise<void> {
  let failure: unknown;
  const isConnected = async () => {
    await dataSource.initialize().catch((error: unknown) => void (failure = error));
    return dataSource.isInitialized;
  };
  await waitUntil(isConnected, { because: () => `no connection: ${String(failure)}` });
}
