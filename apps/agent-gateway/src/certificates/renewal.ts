import type { Credentials } from '@runos/agent-protocol';
import type { Database } from '@runos/persistence';
import { keyOf } from '../agents/agent-key.js';
import type { AgentStore } from '../agents/agent-store.js';
import type { PresenceTeller } from '../agents/presence-teller.js';
import { Refused } from '../grpc/refused.js';
import type { Peer } from '../streams/live-agent.js';
import type { CertificateStore } from './certificate-store.js';
import type { Issuer } from './issuer.js';

export interface RenewalParts {
  readonly database: Database;
  readonly certificates: CertificateStore;
  readonly agents: AgentStore;
  readonly presence: PresenceTeller;
  readonly issuer: Issuer;
}

/** A new certificate for who has a valid one. Both are good until the new one has been in use for a while. */
export class Renewal {
  constructor(private readonly parts: RenewalParts) {}

  /** @throws Refused when the certificate request is not valid */
  async renew({ identity, serial }: Peer, csrPem: string): Promise<Credentials> {
    const { database, certificates, agents, presence, issuer } = this.parts;
    const proved = await issuer.prove(csrPem);
    if (proved === undefined) throw new Refused('request-invalid', 'the certificate request is not valid');
    const issued = await issuer.issue(identity, proved);
    await database.transaction((sql) => certificates.add(sql, { ...keyOf(identity), ...issued }, serial));
    presence.tell(await agents.certificateExpires(keyOf(identity), issued.notAfter));
    return { privateKey: issued.keyPem, publicKey: issued.certificatePem, caCert: issued.caPem };
  }
}
