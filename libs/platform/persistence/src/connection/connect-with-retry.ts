import { type Clock, systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import type { DataSource } from 'typeorm';

/** Pause between attempts, ms. */
const retryMs = 500;

/** Connects and retries without a limit while the database is unreachable. */
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
      await clock.sleep(retryMs);
    }
  }
}
