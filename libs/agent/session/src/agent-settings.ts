import { processSettings, secret, wholeNumber } from '@runos/config';
import { Aid } from '@runos/osid';
import { z } from 'zod';

const portSetting = (defaultPort: number) => wholeNumber(1, 65_535).default(defaultPort);

/** The settings of every agent: the address of the plane, how to verify it, and the account. */
export const agentSettings = {
  server: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a DNS name or an IP address'),
  registerPort: portSetting(9191),
  streamPort: portSetting(9192),
  aid: z.string().refine(Aid.is, 'the five characters of an account'),
  /** Registration token; needed only while there is no certificate. */
  token: secret().optional(),
  /** The file of the CA that signs the certificate of the register port. */
  ca: z.string().optional(),
  /** The SHA-256 of that file; sufficient without the file. */
  caSha256: z
    .string()
    .regex(/^(sha256:)?[0-9a-fA-F]{64}$/, 'a SHA-256 in hexadecimal')
    .optional(),
  logLevel: processSettings.logLevel,
  otlpEndpoint: processSettings.otlpEndpoint,
  traceRatio: processSettings.traceRatio,
};
