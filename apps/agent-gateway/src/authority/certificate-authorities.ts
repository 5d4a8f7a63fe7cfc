import { createHash } from 'node:crypto';
import { dayMs } from '@runos/kernel';
import { type AuthorityPair, createAuthority } from '@runos/pki';
import type { Keyring } from '@runos/security';

/** Runs SQL: a connection, a transaction, or the data source of the migration step. */
export interface Statements {
  query<Rows>(text: string, values?: unknown[]): Promise<Rows>;
}

/**
 * The two certificate authorities. L1 signs the server certificate of the registration port. L2 signs the server
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
export async function createCertificateAuthorities(sql: Statements, keyring: Keyring): Promise<void> {
  for (const name of authorityNames) {
    const existing = await sql.query<unknown[]>('SELECT 1 FROM authority WHERE name = $1', [name]);
    if (existing.length > 0) continue;
    const commonName = `RunOS agents ${name.toUpperCase()}`;
    const { certificatePem, keyPem } = await createAuthority(commonName, validForDays(authorityDays));
    await sql.query(
      'INSERT INTO authority (name, certificate, sealed_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
      [name, certificatePem, keyring.seal(keyPem, sealContext(name))],
    );
  }
}

/** @throws Error when the migration step has not run, or the keyring lacks the key that encrypts a CA */
export async function loadCertificateAuthorities(sql: Statements, keyring: Keyring): Promise<CertificateAuthorities> {
  const load = async (name: AuthorityName): Promise<AuthorityPair> => {
    const [row] = await sql.query<{ certificate: string; sealed_key: string }[]>(
      'SELECT certificate, sealed_key FROM authority WHERE name = $1',
      [name],
    );
    if (row === undefined) throw new Error(`the CA ${name} does not exist: run the migration step first`);
    return { certificatePem: row.certificate, keyPem: keyring.unseal(row.sealed_key, sealContext(name)) };
  };
  return new CertificateAuthorities(await load('l1'), await load('l2'));
}
