import type { ServerUnaryCall } from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import type { AgentIdentity, AgentKind } from '@runos/agent-protocol';
import { identityOf, keyOf } from '../agents/agent-repository.js';
import { CallRefusal } from '../grpc/call-refusal.js';
import { addressOf } from '../grpc/connection-listener.js';
import { duplicateDetails } from './duplicate-identities.js';
import { DuplicateIdentityRepository } from './duplicate-identity-repository.js';
import { CertificateRepository, type CertificateRow } from './certificate-repository.js';

/** The authenticated peer of a call or stream, as its certificate names it. */
export interface AgentPeer {
  readonly identity: AgentIdentity;
  readonly serial: string;
  readonly certificateExpiresAt: Date;
  /** Without the port. */
  readonly address: string;
}

export const kindOf = ({ identity }: AgentPeer): AgentKind => (identity.nid === null ? 'cluster-agent' : 'node');

/** A call or stream whose TLS connection shows a client certificate. */
export type AuthenticatedCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'getPeer'>;

/**
 * Authenticates a caller as the agent to which its certificate was issued. The TLS handshake has verified the chain and
 * the validity period; the lookup makes a revocation effective at once.
 */
@Injectable()
export class CertificateAuthenticator {
  constructor(
    private readonly certificates: CertificateRepository,
    private readonly duplicates: DuplicateIdentityRepository,
  ) {}

  /** @throws CallRefusal for a certificate that is unknown, revoked, expired, a copy, or of the other kind of agent */
  async authenticate(call: AuthenticatedCall, kind?: AgentKind): Promise<AgentPeer> {
    const shown = call.getAuthContext().sslPeerCertificate;
    if (!shown?.serialNumber) throw new CallRefusal('certificate-unknown', 'the client showed no certificate');
    const issued = await this.certificates.find(shown.serialNumber.toLowerCase());
    if (issued === undefined || !hasFingerprint(issued, shown.fingerprint256)) {
      throw new CallRefusal('certificate-unknown', 'this certificate was not issued here');
    }
    if (issued.revoked_at !== null) throw new CallRefusal('certificate-revoked', 'this certificate is revoked');
    if (issued.expired) throw new CallRefusal('certificate-unknown', 'this certificate has expired');
    const peer = {
      identity: identityOf(issued),
      serial: issued.serial,
      certificateExpiresAt: issued.expires_at,
      address: addressOf(call.getPeer()),
    };
    if (issued.refused_address === peer.address) {
      await this.duplicates.setSeen(keyOf(peer.identity));
      throw new CallRefusal('duplicate-identity', duplicateDetails);
    }
    if (kind !== undefined && kindOf(peer) !== kind) {
      throw new CallRefusal(
        'agent-kind-mismatch',
        `this certificate belongs to a ${kindOf(peer)}, this stream is for a ${kind}`,
      );
    }
    if (issued.first_used_at === null) await this.certificates.setFirstUsed(issued.serial);
    return peer;
  }
}

const hasFingerprint = (issued: CertificateRow, fingerprint256: string): boolean =>
  issued.fingerprint === fingerprint256.replaceAll(':', '').toLowerCase();
