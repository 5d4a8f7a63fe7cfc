import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type ServiceName, serviceNames } from '@runos/contracts';
import { type DataFolder } from './data-folder.js';

export interface Secrets {
  /** The password of every service for NATS and the database. */
  readonly passwords: Readonly<Record<ServiceName, string>>;
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
  const perService = (existing: Partial<Record<ServiceName, string>> = {}, create: () => string) =>
    Object.fromEntries(serviceNames.map((name) => [name, existing[name] ?? create()])) as Record<ServiceName, string>;
  const secrets: Secrets = {
    passwords: perService(stored?.passwords, () => randomBytes(24).toString('base64url')),
    keyrings: perService(stored?.keyrings, () => `first:${randomBytes(32).toString('base64')}`),
  };
  folder.writeJson('secrets.json', secrets);
  return secrets;
}
