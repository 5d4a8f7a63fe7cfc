import { type KeyObject, X509Certificate } from 'node:crypto';
import { AgentIdentity } from '@runos/agent-protocol';
import { type AuthorityPair, issueLeaf, newRsaKey, provenKey } from '@runos/pki';

/** A key that its owner has proved, or that was made here for an agent that makes none. */
export interface ProvedKey {
  readonly publicKey: KeyObject;
  /** Empty when the private half never was here. */
  readonly keyPem: string;
}

export interface Issued {
  readonly serial: string;
  readonly fingerprint: string;
  readonly notAfter: Date;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

const dayMs = 86_400_000;
/** Certificates begin a little in the past: the clocks of agents differ. */
const skewMs = 5 * 60_000;

export const lasting = (days: number, now = Date.now()) => ({
  notBefore: new Date(now - skewMs),
  notAfter: new Date(now + days * dayMs),
});

/** Signs the certificates of agents, directly from the CA that the stream port asks for. */
export class Issuer {
  constructor(
    private readonly authority: () => AuthorityPair,
    private readonly days: number,
  ) {}

  /** Undefined for a request that proves no key, or a weak one. An empty request asks for a key to be made. */
  async prove(csrPem: string): Promise<ProvedKey | undefined> {
    if (csrPem === '') return newRsaKey();
    const publicKey = await provenKey(csrPem);
    return publicKey && { publicKey, keyPem: '' };
  }

  /** Names are ours to give: whatever a request called itself is not looked at. */
  async issue(identity: AgentIdentity, { publicKey, keyPem }: ProvedKey): Promise<Issued> {
    const { nid, cid } = identity;
    const authority = this.authority();
    const certificatePem = await issueLeaf(authority, {
      ...lasting(this.days),
      publicKey,
      usage: 'client',
      commonName: nid === null ? `cluster:${cid}` : `node:${nid}`,
      uris: [AgentIdentity.print(identity)],
    });
    const { serialNumber, fingerprint256, validTo } = new X509Certificate(certificatePem);
    return {
      serial: serialNumber.toLowerCase(),
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
      notAfter: new Date(validTo),
      certificatePem,
      keyPem,
      caPem: authority.certificatePem,
    };
  }
}
