import { createHash } from 'node:crypto';
import { type AuthorityPair, createAuthority } from '@runos/pki';
import type { Keyring } from '@runos/security';
import { lasting } from '../certificates/issuer.js';

/** `l1` signs the server certificate of the register port, `l2` that of the stream port and every agent's. */
export const authorityNames = ['l1', 'l2'] as const;
export type AuthorityName = (typeof authorityNames)[number];

export type Authorities = Readonly<Record<AuthorityName, AuthorityPair>>;

/** Whatever runs statements: the service, or the migration step before there is one. */
export interface Statements {
  query<Rows>(text: string, values?: unknown[]): Promise<Rows>;
}

/** Agents that pinned a CA would have to be visited when it ends. */
const years = 20;
const sealedAs = (name: AuthorityName): string => `authority/${name}`;

/** Makes the two CAs, once for ever; a second call finds them there. */
export async function makeAuthorities(sql: Statements, keyring: Keyring): Promise<void> {
  for (const name of authorityNames) {
    const known = await sql.query<unknown[]>('SELECT 1 FROM authority WHERE name = $1', [name]);
    if (known.length > 0) continue;
    const { certificatePem, keyPem } = await createAuthority(
      `RunOS agents ${name.toUpperCase()}`,
      lasting(years * 365),
    );
    await sql.query(
      'INSERT INTO authority (name, certificate, sealed_key) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING',
      [name, certificatePem, keyring.seal(keyPem, sealedAs(name))],
    );
  }
}

/** @throws Error when the migration step has not run, or its keys were sealed with a key that is not here */
export async function loadAuthorities(sql: Statements, keyring: Keyring): Promise<Authorities> {
  const load = async (name: AuthorityName): Promise<AuthorityPair> => {
    const [row] = await sql.query<{ certificate: string; sealed_key: string }[]>(
      'SELECT certificate, sealed_key FROM authority WHERE name = $1',
      [name],
    );
    if (row === undefined) throw new Error(`there is no CA ${name}: run the migration step first`);
    return { certificatePem: row.certificate, keyPem: keyring.open(row.sealed_key, sealedAs(name)) };
  };
  return { l1: await load('l1'), l2: await load('l2') };
}

/** What an install command pins: the hash of the CA's PEM text. */
export const pinOf = ({ certificatePem }: AuthorityPair): string =>
  createHash('sha256').update(certificatePem).digest('hex');
