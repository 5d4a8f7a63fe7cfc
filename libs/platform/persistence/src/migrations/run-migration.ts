import { configOrExit, databaseSettings, secret, urlOf } from '@runos/config';
import { z } from 'zod';
import { migrate, type MigrationPlan } from './migrate.js';

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
