import { Plane } from '@runos/tool-e2e';
import pg from 'pg';
import { type RolesVerdict, tryRoles } from './database-roles.js';
import { type Matrix, runMatrix } from './matrix.js';

/** A plane of its own, without a cluster or limits per minute: the matrix, then the roles of its database. */
export async function tryTenants(): Promise<{ matrix: Matrix; roles: RolesVerdict }> {
  const plane = await Plane.create();
  try {
    const unlimited = { RUNOS_WRITES_PER_MINUTE: '0', RUNOS_READS_PER_MINUTE: '0' };
    const dev = await plane.start('ready', unlimited, '--no-cluster');
    const sql = new pg.Client({ connectionString: dev.databaseUrl });
    await sql.connect();
    try {
      return { matrix: await runMatrix(plane.data, dev, sql), roles: await tryRoles(plane.data, dev.databaseUrl, sql) };
    } finally {
      await sql.end();
    }
  } finally {
    await plane.remove();
  }
}
