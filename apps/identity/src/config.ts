import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { keyringSettings } from '@runos/security';
import type { z } from 'zod';

/** The settings of the identity service beside those of every service. */
export const identityConfig = serviceConfig({
  ...databaseSettings,
  ...keyringSettings,
  /** Lifetime of a web session, s. */
  sessionSeconds: wholeNumber(60, 30 * 86_400).default(86_400),
  /** Usable personal access tokens per account. */
  maxApiKeys: wholeNumber(1, 10_000).default(100),
  /** Failed log-ins per e-mail address and network address within 15 minutes. */
  maxFailedLogIns: wholeNumber(1, 1_000).default(10),
});

export type IdentityConfig = z.output<typeof identityConfig>;
