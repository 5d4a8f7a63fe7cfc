import { createHash, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { NodeRegistrationRequest, NodeRegistrationResponse } from '@runos/agent-protocol';
import { Database } from '@runos/persistence';
import { provenKey } from '@runos/pki';
import { identityOf, keyOf } from '../agents/agent-repository.js';
import { CertificateAuthorities } from '../authority/certificate-authorities.js';
import { CertificateIssuer } from '../certificates/certificate-issuer.js';
import { CertificateRepository, type CertificateRow } from '../certificates/certificate-repository.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { RegistrationTokenRepository } from '../tokens/registration-token-repository.js';
import { RefusedRegistrations } from './refused-registrations.js';
import { type EarlierUse, usedBefore, type ValidToken } from './token-verifier.js';

/** How long an agent without a signing request may repeat its registration, ms: it proves possession of no key. */
const repeatWithoutKeyMs = 120_000;

export const keyHashOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');

/**
 * Answers a registration whose first answer may have been lost on the way. The same machine with the same key gets the
 * same certificate while its token has not expired. Without a signing request the machine gets a new certificate, and
 * the first one is revoked.
 */
@Injectable()
export class RepeatedRegistration {
  constructor(
    private readonly database: Database,
    private readonly tokens: RegistrationTokenRepository,
    private readonly certificates: CertificateRepository,
    private readonly sessions: SessionRepository,
    private readonly registry: SessionRegistry,
    private readonly issuer: CertificateIssuer,
    private readonly authorities: CertificateAuthorities,
    private readonly refusals: RefusedRegistrations,
  ) {}

  /** @throws CallRefusal with the details of every invalid token, when another agent than the first one repeats it */
  async answer(
    { aid, keyId, earlier }: ValidToken,
    { csrPem }: NodeRegistrationRequest,
    address: string,
  ): Promise<NodeRegistrationResponse> {
    const first = earlier && (await this.certificates.find(earlier.serial));
    const isValid = earlier !== undefined && first !== undefined && first.revoked_at === null;
    if (isValid && csrPem !== '' && earlier.certificate !== null && (await isSameKey(earlier, csrPem)))
      return this.#responseOf(first, earlier.certificate, '');
    if (isValid && csrPem === '' && earlier.keyHash === null && earlier.usedMs <= repeatWithoutKeyMs) {
      const response = await this.#issueAgain(keyId, first);
      if (response !== undefined) return response;
    }
    return this.refusals.refuse(aid, usedBefore, address);
  }

  /** Undefined when a concurrent repetition was faster, or when the first certificate was revoked in the meantime. */
  async #issueAgain(keyId: string, first: CertificateRow): Promise<NodeRegistrationResponse | undefined> {
    const { serial } = first;
    const issued = await this.issuer.issue(identityOf(first), await this.issuer.verifiedKey(''));
    const agent = keyOf(identityOf(first));
    const revoked = await this.database.transaction(async (sql) => {
      if (!(await this.tokens.replaceCertificate(sql, keyId, serial, issued.serial))) return undefined;
      // If this returns undefined, the token names a certificate that was never stored, so it is refused from then on.
      return this.certificates.replaceAll(sql, { ...agent, ...issued }, serial, 'its registration was repeated');
    });
    if (revoked === undefined) return undefined;
    const sessionNos = await this.sessions.openWithCertificates(revoked);
    await this.registry.close(sessionNos, 'certificate-revoked', 'this agent has repeated its registration');
    return this.#responseOf(first, issued.certificatePem, issued.keyPem);
  }

  #responseOf({ cid, nid }: CertificateRow, publicKey: string, privateKey: string): NodeRegistrationResponse {
    return { nid, cid, privateKey, publicKey, caCert: this.authorities.stream.certificatePem };
  }
}

async function isSameKey({ keyHash }: EarlierUse, csrPem: string): Promise<boolean> {
  const key = await provenKey(csrPem);
  return key !== undefined && keyHashOf(key) === keyHash;
}
