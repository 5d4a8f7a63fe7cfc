import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import type { z } from 'zod';

/** The settings of the jobs service beside those of every service. */
export const jobsConfig = serviceConfig({
  ...databaseSettings,
  /** An open job without an update for this long is read from the reconciler, ms. */
  refreshAfterMs: wholeNumber(10, 86_400_000).default(60_000),
  /** Ended jobs are kept for this long, and the last one of each instance for longer. */
  jobKeepDays: wholeNumber(1, 3_650).default(90),
});

export type JobsConfig = z.output<typeof jobsConfig>;
