import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type ServiceName, serviceNames } from '@runos/contracts';
import { type DataFolder } from './data-folder.js';

export interface Secrets {
  /** NATS and database password of every service. */
  readonly passwords: Readonly<Record<ServiceName, string>>;
  /** With which a service encrypts what must never lie in the database as it is; none knows another's. */
  readonly keyrings: Readonly<Record<ServiceName, string>>;
}

/**
 * The plane's own secrets, made on the first start and kept; one that a newer version needs is added.
 * @throws Error with one sentence when data is there but the secrets it was encrypted with are not.
 */
export function ensureSecrets(folder: DataFolder): Secrets {
  const kept = folder.readJson<Partial<Secrets>>('secrets.json');
  if (!kept && existsSync(folder.in('postgres', 'password'))) {
    throw new Error(
      `${folder.path} has data but no readable secrets.json: put that file back, or start afresh with npm run reset.`,
    );
  }
  const forEach = (old: Partial<Record<ServiceName, string>> = {}, make: () => string) =>
    Object.fromEntries(serviceNames.map((name) => [name, old[name] ?? make()])) as Record<ServiceName, string>;
  const secrets: Secrets = {
    passwords: forEach(kept?.passwords, () => randomBytes(24).toString('base64url')),
    keyrings: forEach(kept?.keyrings, () => `first:${randomBytes(32).toString('base64')}`),
  };
  folder.writeJson('secrets.json', secrets);
  return secrets;
}
