import { Injectable } from '@nestjs/common';
import type { Credentials } from '@runos/agent-protocol';
import { Database } from '@runos/persistence';
import { AgentConnectionReporter } from '../agents/agent-connection-reporter.js';
import { type AgentPeer, keyOf } from '../agents/agent-key.js';
import { AgentRepository } from '../agents/agent-repository.js';
import { CertificateIssuer } from './certificate-issuer.js';
import { CertificateRepository } from './certificate-repository.js';

/** Issues a new certificate to an agent with a valid one. The old one is revoked some time after the first use of the new. */
@Injectable()
export class CertificateRenewal {
  constructor(
    private readonly database: Database,
    private readonly certificates: CertificateRepository,
    private readonly agents: AgentRepository,
    private readonly reporter: AgentConnectionReporter,
    private readonly issuer: CertificateIssuer,
  ) {}

  /** @throws CallRefusal when the certificate signing request is not valid */
  async renew({ identity, serial }: AgentPeer, csrPem: string): Promise<Credentials> {
    const key = await this.issuer.verifiedKey(csrPem);
    const issued = await this.issuer.issue(identity, key);
    const agent = keyOf(identity);
    await this.database.transaction((sql) => this.certificates.add(sql, { ...agent, ...issued }, serial));
    this.reporter.report(await this.agents.setCertificateExpiry(agent, issued.expiresAt));
    return { privateKey: issued.keyPem, publicKey: issued.certificatePem, caCert: issued.caPem };
  }
}
