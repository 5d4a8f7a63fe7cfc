import { readPlaneInfo, eventually } from '@runos/tool-e2e';
import { DataFolder, ensureSecrets, migrateSchema, services } from '@runos/tool-start';
import pg from 'pg';
import { type Fault } from '../kill/faults.js';

/** A migration that a version serves with as well as without: it can be undone, to be done again beside that version. */
const undone = { migration: 'InstanceByOsid1700000002000', index: 'ix_instance_osid', table: 'instance' };

/** A client that writes all the time is answered within this time, ms. */
const writtenMs = 15_000;

/** Brings every schema of a plane up to date by the programs of this checkout. */
export async function migrateSchemas(data: string): Promise<void> {
  const { databaseUrl } = await readPlaneInfo(data);
  const where = { postgres: { url: databaseUrl }, secrets: ensureSecrets(new DataFolder(data)) };
  await Promise.all(services.filter(({ database }) => database).map((plan) => migrateSchema(plan, where)));
}

/** Every schema is brought up to date while the version before serves, and somebody holds a table for a while. */
export const migrations: Fault = {
  name: 'migrated while the version before serves',
  hits: [],
  async strike(data, { jobs }) {
    const { databaseUrl } = await readPlaneInfo(data);
    const owner = new pg.Client({ connectionString: databaseUrl, options: '-c search_path=reconciler' });
    await owner.connect();
    try {
      await owner.query(`DROP INDEX CONCURRENTLY ${undone.index}`);
      await owner.query('DELETE FROM migrations WHERE name = $1', [undone.migration]);
      await owner.query(`BEGIN; LOCK TABLE ${undone.table} IN ROW EXCLUSIVE MODE`); // as a long write does
      const migrated = migrateSchemas(data);
      const before = jobs.size;
      const written = eventually('a write while schemas change', writtenMs, async () => jobs.size > before + 1);
      await written.finally(() => owner.query('COMMIT'));
      await migrated;
      const { rowCount } = await owner.query(
        'SELECT 1 FROM pg_index JOIN migrations ON name = $1 WHERE indexrelid = to_regclass($2) AND indisvalid',
        [undone.migration, undone.index],
      );
      if (rowCount !== 1) throw new Error(`${undone.migration} did not run`);
    } finally {
      await owner.end();
    }
  },
};
