import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { DataSource } from 'typeorm';
import type { MigrationClass } from '../connection/data-source.js';
import { withPlatformMigrations } from './migrate.js';

/** Poll interval until no migration is pending, ms. */
const pollMs = 500;

/** Waits until every migration of this version has run, and reports pending ones to readiness. */
export class AwaitMigrations {
  #pending: readonly string[] = [];

  constructor(
    private readonly migrations: readonly MigrationClass[],
    private readonly logger: Logger,
    private readonly clock: Clock = systemClock,
  ) {}

  /** true, or the pending migrations. */
  readonly check = (): true | string =>
    this.#pending.length === 0 || `pending migrations; run the migration of this service: ${this.#pending.join(', ')}`;

  /** Resolves when no migration is pending, without a timeout. The data source must be connected. */
  async run(dataSource: DataSource): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        this.#pending = await pendingIn(dataSource, this.migrations);
        if (this.#pending.length === 0) return;
        if (attempt === 1) this.logger.warn({ pending: this.#pending }, 'waiting for migrations to be run');
      } catch (error) {
        if (attempt % 20 === 1) this.logger.warn({ err: error }, 'the executed migrations cannot be read yet');
      }
      await this.clock.sleep(pollMs);
    }
  }
}

async function pendingIn(dataSource: DataSource, migrations: readonly MigrationClass[]): Promise<string[]> {
  const names = withPlatformMigrations(migrations).map(({ name }) => name);
  const [table] = await dataSource.query<{ exists: boolean }[]>(
    `SELECT to_regclass('migrations') IS NOT NULL AS exists`,
  );
  if (!table?.exists) return names;
  const ran = (await dataSource.query('SELECT name FROM migrations')) as { name: string }[];
  const done = new Set(ran.map(({ name }) => name));
  return names.filter((name) => !done.has(name));
}
