import { isIP } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { type AuthorityPair, issueLeaf, newEcKey } from '@runos/pki';
import { lasting } from '../certificates/issuer.js';

/** Made anew at every start, so this only ends for a process that runs for two years. */
const days = 730;

export interface ServerIdentity {
  readonly authority: AuthorityPair;
  /** DNS names and IP addresses under which agents dial this server. */
  readonly names: readonly string[];
  /** Whose certificates callers must show; absent: none is asked for. */
  readonly callers?: AuthorityPair;
}

/** A fresh key and certificate for one port; the CA goes along, so that who has only its hash can find it. */
export async function serverCredentials({ authority, names, callers }: ServerIdentity): Promise<ServerCredentials> {
  const { keyPem, publicKey } = await newEcKey();
  const leaf = await issueLeaf(authority, {
    ...lasting(days),
    publicKey,
    usage: 'server',
    commonName: 'agent-gateway',
    dnsNames: names.filter((name) => isIP(name) === 0),
    ipAddresses: names.filter((name) => isIP(name) !== 0),
  });
  const pair = { private_key: Buffer.from(keyPem), cert_chain: Buffer.from(leaf + authority.certificatePem) };
  const ca = callers === undefined ? null : Buffer.from(callers.certificatePem);
  return ServerCredentials.createSsl(ca, [pair], callers !== undefined);
}
