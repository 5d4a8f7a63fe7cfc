import { readPlaneInfo, eventually } from '@runos/tool-e2e';
import { DataFolder, ensureSecrets, migrateSchema, services } from '@runos/tool-start';
import pg from 'pg';
import { type InjectedFault } from '../kill/faults.js';

/** A migration that this version does not depend on: it can be reverted and repeated while the version serves. */
const revertible = { migration: 'IndexInstancesByOsid1800000000002', index: 'ix_instance_osid', table: 'instance' };

/** The time within which a continuous client gets a response, ms. */
const writtenMs = 15_000;

/** Runs the migration programs of this checkout on every schema of a plane. */
export async function migrateSchemas(data: string): Promise<void> {
  const { databaseUrl } = await readPlaneInfo(data);
  const where = { postgres: { url: databaseUrl }, secrets: ensureSecrets(new DataFolder(data)) };
  await Promise.all(services.filter(({ database }) => database).map((plan) => migrateSchema(plan, where)));
}

/** Migrates every schema while the version before serves and a transaction holds a lock on a table. */
export const migrations: InjectedFault = {
  name: 'migrated while the version before serves',
  hits: [],
  async inject(data, { jobs }) {
    const { databaseUrl } = await readPlaneInfo(data);
    const owner = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=reconciler' });
    await owner.connect();
    try {
      await owner.query(`DROP INDEX CONCURRENTLY ${revertible.index}`);
      await owner.query('DELETE FROM migrations WHERE name = $1', [revertible.migration]);
      await owner.query(`BEGIN; LOCK TABLE ${revertible.table} IN ROW EXCLUSIVE MODE`); // like a long write
      const migrated = migrateSchemas(data);
      const before = jobs.size;
      const written = eventually('a write while schemas change', async () => jobs.size > before + 1, writtenMs);
      await written.finally(() => owner.query('COMMIT'));
      await migrated;
      const { rowCount } = await owner.query(
        'SELECT 1 FROM pg_index JOIN migrations ON name = $1 WHERE indexrelid = to_regclass($2) AND indisvalid',
        [revertible.migration, revertible.index],
      );
      if (rowCount !== 1) throw new Error(`${revertible.migration} did not run`);
    } finally {
      await owner.end();
    }
  },
};
