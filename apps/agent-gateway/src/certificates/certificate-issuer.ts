import { type KeyObject, X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AgentIdentity } from '@runos/agent-protocol';
import { InjectConfig } from '@runos/messaging';
import { issueLeaf, newRsaKey, provenKey } from '@runos/pki';
import { CertificateAuthorities, validForDays } from '../authority/certificate-authorities.js';
import type { AgentGatewayConfig } from '../config.js';
import { CallRefusal } from '../grpc/call-refusal.js';

/** A key whose possession the agent has proved, or one generated here for an agent that cannot generate one. */
export interface VerifiedKey {
  readonly publicKey: KeyObject;
  /** Empty when the agent holds the private key. */
  readonly keyPem: string;
}

export interface IssuedCertificate {
  readonly serial: string;
  readonly fingerprint: string;
  readonly expiresAt: Date;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly caPem: string;
}

/** Issues the certificates of agents, signed by the CA that the stream port trusts. */
@Injectable()
export class CertificateIssuer {
  constructor(
    private readonly authorities: CertificateAuthorities,
    @InjectConfig() private readonly config: AgentGatewayConfig,
  ) {}

  /**
   * The public key of a certificate signing request. Older agents send an empty request; they get a generated key.
   * @throws CallRefusal when the request does not prove possession of its key, or the key is weak
   */
  async verifiedKey(csrPem: string): Promise<VerifiedKey> {
    if (csrPem === '') return newRsaKey();
    const publicKey = await provenKey(csrPem);
    if (publicKey === undefined) throw new CallRefusal('request-invalid', 'the certificate request is not valid');
    return { publicKey, keyPem: '' };
  }

  /** The subject comes from `identity` alone; the names in a signing request are ignored. */
  async issue(identity: AgentIdentity, { publicKey, keyPem }: VerifiedKey): Promise<IssuedCertificate> {
    const { nid, cid } = identity;
    const authority = this.authorities.stream;
    const certificatePem = await issueLeaf(authority, {
      ...validForDays(this.config.agentCertificateDays),
      publicKey,
      usage: 'client',
      commonName: nid === null ? `cluster:${cid}` : `node:${nid}`,
      uris: [AgentIdentity.print(identity)],
    });
    const { serialNumber, fingerprint256, validTo } = new X509Certificate(certificatePem);
    return {
      serial: serialNumber.toLowerCase(),
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
      expiresAt: new Date(validTo),
      certificatePem,
      keyPem,
      caPem: authority.certificatePem,
    };
  }
}
