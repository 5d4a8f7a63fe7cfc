import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type NatsUserName, type ServiceName, serviceNames, streamsUser } from '@runos/contracts';
import { type DataFolder } from './data-folder.js';

export interface Secrets {
  /** The password of every service for NATS and the database, and that of the user who creates the streams. */
  readonly passwords: Readonly<Record<NatsUserName, string>>;
  /** The keys with which each service encrypts secrets at rest; no service has another's. */
  readonly keyrings: Readonly<Record<ServiceName, string>>;
}

/**
 * The plane's own secrets, created by the first start; a newer version adds those that it needs.
 * @throws Error with one sentence when data exists without the secrets that encrypted it
 */
export function ensureSecrets(folder: DataFolder): Secrets {
  const stored = folder.readJson<Partial<Secrets>>('secrets.json');
  if (!stored && existsSync(folder.in('postgres', 'password'))) {
    throw new Error(
      `${folder.path} has data but no readable secrets.json: put that file back, or start afresh with npm run reset.`,
    );
  }
  const secrets: Secrets = {
    passwords: complete([...serviceNames, streamsUser], stored?.passwords, () => randomBytes(24).toString('base64url')),
    keyrings: complete(serviceNames, stored?.keyrings, () => `first:${randomBytes(32).toString('base64')}`),
  };
  folder.writeJson('secrets.json', secrets);
  return secrets;
}

const complete = <Name extends string>(
  names: readonly Name[],
  existing: Partial<Record<Name, string>> = {},
  create: () => string,
): Record<Name, string> =>
  Object.fromEntries(names.map((name) => [name, existing[name] ?? create()])) as Record<Name, string>;
