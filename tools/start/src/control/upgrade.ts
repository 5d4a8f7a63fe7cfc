import { type Builds } from '../services/builds.js';
import { type DataFolder } from '../data/data-folder.js';
import { type DevFile } from '../data/dev-file.js';
import { migrateSchema } from '../services/migrate-all.js';
import { type Processes } from './processes.js';
import { ensureSecrets } from '../data/secrets.js';
import { services } from '../services/services.js';

/** The parts of a running plane that an upgrade uses. */
export interface Upgradable {
  readonly builds: Builds;
  readonly dev: DevFile;
  readonly folder: DataFolder;
  readonly processes: Processes;
}

/**
 * Restarts one process from the build of this checkout. The migration of its service, if it has one, runs first,
 * while the older version serves.
 * @throws Error with one sentence where there is nothing to upgrade
 */
export async function upgrade(name: string, { builds, dev, folder, processes }: Upgradable): Promise<void> {
  processes.find(name);
  const plan = services.find((service) => service.name === name.replace(/-\d+$/, ''));
  if (plan?.database) {
    await migrateSchema(plan, { postgres: { url: dev.current.databaseUrl }, secrets: ensureSecrets(folder) });
  }
  builds.upgrade(name);
  await processes.stop(name);
  await processes.start(name);
}
