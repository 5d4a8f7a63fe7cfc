import { createHash } from 'node:crypto';
import { dayMs } from '@runos/kernel';
import { type AuthorityPair, createAuthority } from '@runos/pki';
import type { Keyring } from '@runos/security';
import type { EntityManager } from 'typeorm';
import { AuthorityRepository } from './authority-repository.js';

const authorities = new AuthorityRepository();

/**
 * The two certificate authorities. L1 signs the server certificate of the register port. L2 signs the server
 * certificate of the stream port and the certificate of every agent.
 */
const authorityNames = ['l1', 'l2'] as const;
type AuthorityName = (typeof authorityNames)[number];

/** Agents that pin the CA of the register port must be reconfigured when it expires. */
const authorityDays = 20 * 365;
/** Certificates are valid from a little before now, because the clocks of agents differ. */
const clockSkewMs = 5 * 60_000;

export const validForDays = (days: number, now = Date.now()) => ({
  notBefore: new Date(now - clockSkewMs),
  notAfter: new Date(now + days * dayMs),
});

/** The CAs of this plane, loaded before the first port opens. */
export class CertificateAuthorities {
  constructor(
    /** Signs the server certificate of the register port (9191). */
    readonly register: AuthorityPair,
    /** Signs the server certificate of the stream port (9192) and the certificate of every agent. */
    readonly stream: AuthorityPair,
  ) {}

  /** The hash of the register CA's PEM text, which install commands pin. */
  get registerSha256(): string {
    return createHash('sha256').update(this.register.certificatePem).digest('hex');
  }
}

/** The additional authenticated data of an encrypted key. */
const sealContext = (name: AuthorityName): string => `authority/${name}`;

/** Creates both CAs unless they exist; the migration step calls it. */
export async function createCertificateAuthorities(sql: EntityManager, keyring: Keyring): Promise<void> {
  for (const name of authorityNames) {
    if ((await authorities.find(sql, name)) !== undefined) continue;
    const commonName = `RunOS agents ${name.toUpperCase()}`;
    const { certificatePem, keyPem } = await createAuthority(commonName, validForDays(authorityDays));
    const sealedKey = keyring.seal(keyPem, sealContext(name));
    await authorities.add(sql, { name, certificate: certificatePem, sealed_key: sealedKey });
  }
}

/** @throws Error when the migration step has not run, or the keyring lacks the key that encrypts a CA */
export async function loadCertificateAuthorities(
  sql: EntityManager,
  keyring: Keyring,
): Promise<CertificateAuthorities> {
  const load = async (name: AuthorityName): Promise<AuthorityPair> => {
    const row = await authorities.find(sql, name);
    if (row === undefined) throw new Error(`the CA ${name} does not exist: run the migration step first`);
    return { certificatePem: row.certificate, keyPem: keyring.unseal(row.sealed_key, sealContext(name)) };
  };
  return new CertificateAuthorities(await load('l1'), await load('l2'));
}
