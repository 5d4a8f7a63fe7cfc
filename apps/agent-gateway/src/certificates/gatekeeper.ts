import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { AgentKind, Refusal } from '@runos/agent-protocol';
import { identityOf } from '../agents/agent-key.js';
import type { Peer } from '../streams/live-agent.js';
import type { CertificateRow, CertificateStore } from './certificate-store.js';

/** A call of whatever kind, as far as its certificate is concerned. */
export type CertifiedCall = Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>;

export type Admission =
  | { readonly admitted: true; readonly peer: Peer }
  | { readonly admitted: false; readonly refusal: Refusal; readonly details: string };

const refused = (refusal: Refusal, details: string): Admission => ({ admitted: false, refusal, details });

export const kindOf = ({ identity }: Peer): AgentKind => (identity.nid === null ? 'cluster-agent' : 'node');

/**
 * Who a caller is: whoever its certificate was issued to, and nobody else, whatever the caller says. The handshake has
 * verified chain and time; here it is looked up, so that a revocation counts at once.
 */
export class Gatekeeper {
  constructor(private readonly certificates: CertificateStore) {}

  async admit(call: CertifiedCall, kind?: AgentKind): Promise<Admission> {
    const shown = call.getAuthContext().sslPeerCertificate;
    if (!shown?.serialNumber) return refused('certificate-unknown', 'no client certificate was shown');
    const issued = await this.certificates.find(shown.serialNumber.toLowerCase());
    if (issued === undefined || !same(issued, shown.fingerprint256)) {
      return refused('certificate-unknown', 'this certificate was not issued here');
    }
    if (issued.revoked_at !== null) return refused('certificate-revoked', 'this certificate is revoked');
    if (issued.expired) return refused('certificate-unknown', 'this certificate has expired');
    const peer = {
      identity: identityOf(issued),
      serial: issued.serial,
      certificateExpiresAt: issued.not_after,
    };
    if (kind !== undefined && kindOf(peer) !== kind) {
      return refused('agent-kind-mismatch', `this certificate is a ${kindOf(peer)}'s, this stream is for a ${kind}`);
    }
    if (issued.seen_at === null) await this.certificates.seen(issued.serial);
    return { admitted: true, peer };
  }
}

const same = (issued: CertificateRow, fingerprint256: string): boolean =>
  issued.fingerprint === fingerprint256.replaceAll(':', '').toLowerCase();
