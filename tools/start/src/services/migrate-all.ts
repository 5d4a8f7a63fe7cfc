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
import { databaseName, databaseUrlOf, ownerUrlOf, type ServicePlan, services, type Surroundings } from './services.js';

const migrated = 'migrated.json';

/**
 * Brings every schema up to date, in the services' own migration programs and before any service runs. Skipped when
 * neither those programs nor the data changed since the last time.
 */
export async function migrateAll(
  { folder, builds, signal }: { readonly folder: DataFolder; readonly builds: Builds; readonly signal: AbortSignal },
  surroundings: Surroundings,
): Promise<void> {
  const plans = services.filter(({ database }) => database);
  const fingerprint = fingerprintOf(plans.map(({ name }) => ({ name, checkout: builds.of(name) })));
  if (folder.readJson<{ fingerprint: string }>(migrated)?.fingerprint === fingerprint) return;
  await makeDatabase(surroundings);
  await Promise.all(plans.map((plan) => migrateSchema(plan, surroundings, { checkout: builds.of(plan.name), signal })));
  folder.writeJson(migrated, { fingerprint });
}

/** A database server, and what its roles prove themselves by. */
export interface Where {
  readonly postgres: { readonly url: string };
  readonly secrets: Secrets;
}

/** Brings one schema up to date, by the service's own migration program; whoever serves goes on doing so. */
export function migrateSchema(
  { name }: ServicePlan,
  where: Where,
  { checkout = repository, signal }: { readonly checkout?: string; readonly signal?: AbortSignal } = {},
): Promise<void> {
  const settings = {
    databaseUrl: databaseUrlOf(name, where),
    databaseOwnerUrl: ownerUrlOf(where),
    keyring: where.secrets.keyrings[name],
  };
  return runMigration(name, programOf(checkout, name, 'migrate'), toEnvironment(settings), signal);
}

async function makeDatabase({ postgres }: Surroundings): Promise<void> {
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

/** Changes with every migration program, what it is compiled from in its own app, and the library they share. */
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
