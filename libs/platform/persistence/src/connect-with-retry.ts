import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { DataSource } from 'typeorm';

/** The database is tried this often until it answers, ms. */
const againAfterMs = 500;

/** Connects, however long the database is not there yet. */
export async function connectWithRetry(
  dataSource: DataSource,
  logger: Logger,
  clock: Clock = systemClock,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await dataSource.initialize();
      return;
    } catch (error) {
      if (attempt % 20 === 1) logger.warn({ err: error }, 'the database cannot be reached yet');
      await clock.sleep(againAfterMs);
    }
  }
}
