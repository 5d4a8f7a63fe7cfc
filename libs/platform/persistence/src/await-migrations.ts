import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { DataSource } from 'typeorm';
import type { MigrationClass } from './data-source.js';
import { withThePlatforms } from './migrate.js';

/** The list of what has run is looked at this often until nothing is missing, ms. */
const againAfterMs = 500;

/** Waits until every migration that this version needs has run. Whether it is so, readiness may ask at any time. */
export class AwaitMigrations {
  #pending: readonly string[] = [];

  constructor(
    private readonly migrations: readonly MigrationClass[],
    private readonly logger: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  /** True, or which migrations it waits for. */
  readonly check = (): true | string =>
    this.#pending.length === 0 || `the migration of this service has to be run: ${this.#pending.join(', ')}`;

  /** Resolves when nothing is pending, however long that takes; the data source is connected. */
  async run(dataSource: DataSource): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#pending = await pendingIn(dataSource, this.migrations);
        if (this.#pending.length === 0) return;
        if (attempt === 1) this.logger.warn({ pending: this.#pending }, 'waiting for migrations to be run');
      } catch (error) {
        if (attempt % 20 === 1) this.logger.warn({ err: error }, 'whether migrations have run cannot be read yet');
      }
      await this.clock.sleep(againAfterMs);
    }
  }
}

async function pendingIn(dataSource: DataSource, migrations: readonly MigrationClass[]): Promise<string[]> {
  const names = withThePlatforms(migrations).map(({ name }) => name);
  const [{ exists }] = (await dataSource.query(`SELECT to_regclass('migrations') IS NOT NULL AS exists`)) as [
    { exists: boolean },
  ];
  if (!exists) return names;
  const ran = (await dataSource.query('SELECT name FROM migrations')) as { name: string }[];
  const done = new Set(ran.map(({ name }) => name));
  return names.filter((name) => !done.has(name));
}
