import { Injectable } from '@nestjs/common';
import type { Credentials } from '@runos/agent-protocol';
import { Database } from '@runos/persistence';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { AgentRepository, keyOf, keyText } from '../agents/agent-repository.js';
import { CallRefusal } from '../grpc/call-refusal.js';
import { RateLimiter } from '../grpc/rate-limiter.js';
import type { AgentPeer } from './certificate-authenticator.js';
import { CertificateIssuer } from './certificate-issuer.js';
import { CertificateRepository } from './certificate-repository.js';

/** Agents renew months before the expiry and wait two minutes before they retry, so only an attacker needs more. */
const renewalRate = { calls: 1, periodSeconds: 60, burst: 4 };

/** Issues a new certificate to an agent with a valid one. The old one is revoked some time after the first use of the new. */
@Injectable()
export class CertificateRenewal {
  readonly #limiter = new RateLimiter(renewalRate);

  constructor(
    private readonly database: Database,
    private readonly certificates: CertificateRepository,
    private readonly agents: AgentRepository,
    private readonly reporter: AgentConnectionReporter,
    private readonly issuer: CertificateIssuer,
  ) {}

  /**
   * @throws CallRefusal when the certificate signing request is not valid, when the agent renews too often, and when
   *   the caller's certificate was revoked after its authentication
   */
  async renew({ identity, serial }: AgentPeer, csrPem: string): Promise<Credentials> {
    const agent = keyOf(identity);
    // Before a key is made, which takes up to a second of the processor for an agent without a signing request.
    if (!(await this.#limiter.allows(keyText(agent))))
      throw new CallRefusal('rate-exceeded', 'too many renewals of this certificate; wait a minute');
    const issued = await this.issuer.issue(identity, await this.issuer.verifiedKey(csrPem));
    const isAdded = await this.database.transaction((sql) =>
      this.certificates.addSuccessor(sql, { ...agent, ...issued }, serial),
    );
    if (!isAdded) throw new CallRefusal('certificate-revoked', 'this certificate is revoked');
    this.reporter.report(await this.agents.setCertificateExpiry(agent, issued.expiresAt));
    return { privateKey: issued.keyPem, publicKey: issued.certificatePem, caCert: issued.caPem };
  }
}
