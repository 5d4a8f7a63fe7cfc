import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import type { z } from 'zod';

export const jobsConfig = serviceConfig({
  ...databaseSettings,
  /** An open job nobody has told anything of for this long is asked for, ms. */
  checkAfterMs: wholeNumber(10, 86_400_000).default(60_000),
});
export type JobsConfig = z.output<typeof jobsConfig>;

/** What the rules of this service may be set to. */
export class JobsSettings {
  readonly checkAfterMs: number;

  constructor({ checkAfterMs }: Pick<JobsConfig, 'checkAfterMs'>) {
    this.checkAfterMs = checkAfterMs;
  }
}
