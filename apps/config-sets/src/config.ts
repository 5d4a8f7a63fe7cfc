import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import type { z } from 'zod';

/** The settings of the config sets service beside those of every service. */
export const configSetsConfig = serviceConfig({
  ...databaseSettings,
  /** Config sets per account. A list of them must fit one message (4 MiB) at about 8 KiB for a full set. */
  maxConfigSets: wholeNumber(1, 10_000).default(200),
  /** Versions per config set; their list must fit one message too. */
  maxConfigSetVersions: wholeNumber(1, 10_000).default(400),
});

export type ConfigSetsConfig = z.output<typeof configSetsConfig>;
