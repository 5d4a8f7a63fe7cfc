import { processSettings, secret, wholeNumber } from '@runos/config';
import { Aid } from '@runos/osid';
import { z } from 'zod';

const portSetting = (standard: number) => wholeNumber(1, 65_535).default(standard);

/** What every agent is told: where the plane is, how to recognise it, and whose it is. */
export const agentSettings = {
  server: z.string().regex(/^[A-Za-z0-9.:-]{1,253}$/, 'a DNS name or an IP address'),
  registerPort: portSetting(9191),
  streamPort: portSetting(9192),
  aid: z.string().refine(Aid.is, 'the five characters of an account'),
  /** Registration token; needed only while there is no certificate. */
  token: secret().optional(),
  /** File of the CA that signs the register port's certificate. */
  ca: z.string().optional(),
  /** The SHA-256 of that file; enough without the file. */
  caSha256: z
    .string()
    .regex(/^(sha256:)?[0-9a-fA-F]{64}$/, 'a SHA-256 in hexadecimal')
    .optional(),
  logLevel: processSettings.logLevel,
  otlpEndpoint: processSettings.otlpEndpoint,
  traceRatio: processSettings.traceRatio,
};
