import { isIP } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { type AuthorityPair, issueLeaf, newEcKey } from '@runos/pki';
import { validForDays } from './certificate-authorities.js';

/** Every start issues a new certificate, so only a process that runs for two years is affected by its end. */
const validDays = 730;

export interface ServerIdentity {
  readonly authority: AuthorityPair;
  /** DNS names and IP addresses that agents dial. */
  readonly names: readonly string[];
  /** The CA of client certificates; absent: the server requests none. */
  readonly clientAuthority?: AuthorityPair;
}

/** A new key and certificate for one port. The chain includes the CA, so that agents find it by its pinned hash. */
export async function serverCredentials(identity: ServerIdentity): Promise<ServerCredentials> {
  const { authority, names, clientAuthority } = identity;
  const { keyPem, publicKey } = await newEcKey();
  const leaf = await issueLeaf(authority, {
    ...validForDays(validDays),
    publicKey,
    usage: 'server',
    commonName: 'agent-gateway',
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  });
  const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(leaf + authority.certificatePem) };
  const ca = clientAuthority === undefined ? null : Buffer.from(clientAuthority.certificatePem);
  return ServerCredentials.createSsl(ca, [pair], clientAuthority !== undefined);
}
