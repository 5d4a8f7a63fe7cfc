import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toEnvironment } from '@runos/config';
import pg from 'pg';
import { programOf } from './built-checkout.js';
import { type Builds } from './builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { repository } from '../options.js';
import { type Secrets } from '../data/secrets.js';
import { databaseName, databaseUrlOf, ownerUrlOf, type ServicePlan, services, type PlaneSettings } from './services.js';

const migratedFile = 'migrated.json';

/**
 * Runs the migration programs of all services before any service starts. Skipped when
 * neither those programs nor the data changed since the last time.
 */
export async function migrateAll(
  { folder, builds, signal }: { readonly folder: DataFolder; readonly builds: Builds; readonly signal: AbortSignal },
  plane: PlaneSettings,
): Promise<void> {
  const plans = services.filter(({ database }) => database);
  const fingerprint = fingerprintOf(plans.map(({ name }) => ({ name, checkout: builds.checkoutOf(name) })));
  if (folder.readJson<{ fingerprint: string }>(migratedFile)?.fingerprint === fingerprint) return;
  await createDatabase(plane);
  await Promise.all(
    plans.map((plan) => migrateSchema(plan, plane, { checkout: builds.checkoutOf(plan.name), signal })),
  );
  folder.writeJson(migratedFile, { fingerprint });
}

/** A database server, and the passwords of its roles. */
export interface DatabaseAccess {
  readonly postgres: { readonly url: string };
  readonly secrets: Secrets;
}

/** Runs the migration program of one service; the running replicas continue to serve. */
export function migrateSchema(
  { name }: ServicePlan,
  access: DatabaseAccess,
  { checkout = repository, signal }: { readonly checkout?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const settings = {
    databaseUrl: databaseUrlOf(name, access),
    databaseOwnerUrl: ownerUrlOf(access),
    keyring: access.secrets.keyrings[name],
  };
  return runMigration(name, programOf(checkout, name, 'migrate'), toEnvironment(settings), signal);
}

async function createDatabase({ postgres }: PlaneSettings): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    if (!rowCount) await client.query(`CREATE DATABASE ${databaseName}`);
  } finally {
    await client.end();
  }
}

async function runMigration(
  name: string,
  program: string,
  environment: Record<string, string>,
  signal?: AbortSignal,
): Promise<void> {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal,
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code !== 0) throw new Error(`The database of ${name} could not be brought up to date:\n${errors.trimEnd()}`);
}

/** A digest of all migration programs, the schema folders of their apps, and the persistence library. */
function fingerprintOf(migrated: readonly { readonly name: string; readonly checkout: string }[]): string {
  const hash = createHash('sha256');
  const roots = migrated.flatMap(({ name, checkout }) => {
    const program = programOf(checkout, name, 'migrate');
    return [join(dirname(program), 'schema'), program, join(checkout, 'libs/platform/persistence/dist')];
  });
  for (const root of new Set(roots)) {
    for (const file of filesIn(root)) hash.update(file).update(readFileSync(file));
  }
  return hash.digest('hex');
}

function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (path.endsWith('.js')) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !name.endsWith('.spec.js'))
    .sort()
    .map((name) => join(path, name));
}
