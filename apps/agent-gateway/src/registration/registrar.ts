import type {
  AgentIdentity,
  AgentKind,
  NodeRegistrationRequest,
  NodeRegistrationResponse,
} from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import type { Bus } from '@runos/messaging';
import { Aid, Nid } from '@runos/osid';
import type { Database } from '@runos/persistence';
import { keyOf } from '../agents/agent-key.js';
import type { Audit } from '../audit/audit.js';
import type { CertificateStore } from '../certificates/certificate-store.js';
import type { Issuer } from '../certificates/issuer.js';
import { Refused } from '../grpc/refused.js';
import { isNotFound } from '../not-found.js';
import type { SessionHub } from '../sessions/session-hub.js';
import type { SessionStore } from '../sessions/session-store.js';
import { checkToken } from '../tokens/check-token.js';
import type { TokenStore } from '../tokens/token-store.js';

export interface RegistrarParts {
  readonly database: Database;
  readonly tokens: TokenStore;
  readonly certificates: CertificateStore;
  readonly sessions: SessionStore;
  readonly hub: SessionHub;
  readonly issuer: Issuer;
  readonly bus: Bus;
  readonly audit: Audit;
}

/** The words of every refused token: who guesses learns nothing. The reason is in the audit log. */
const refusedWords = 'the registration token is not valid';

const printable = /^[\x21-\x7e]+$/;
const kinds: Readonly<Record<string, AgentKind>> = { '': 'node', node: 'node', 'cluster-agent': 'cluster-agent' };

/** Lets agents in: a token for a certificate, once. */
export class Registrar {
  constructor(private readonly parts: RegistrarParts) {}

  /** @throws Refused with the same words for whatever is wrong with the token; Fault `unavailable`, the token unspent */
  async register(asked: NodeRegistrationRequest, from: string): Promise<NodeRegistrationResponse> {
    const kind = Object.hasOwn(kinds, asked.agentKind) ? kinds[asked.agentKind] : undefined;
    const checked = await checkToken(this.parts.tokens, asked.token, asked.aid, kind);
    if (!checked.valid) return this.#refuse(asked, checked.aid, checked.reason, from);
    const { aid, cid, keyId } = checked;
    const { machineId, os } = this.#sane(asked);
    const proved = await this.parts.issuer.prove(asked.csrPem);
    if (proved === undefined) throw new Refused('request-invalid', 'the certificate request is not valid');
    const nid = checked.purpose === 'node' ? await this.#nidOf(aid, cid, machineId, os) : null;
    if (nid === undefined) return this.#refuse(asked, aid, `there is no cluster ${cid} that takes nodes`, from);
    const identity: AgentIdentity = { aid, cid, nid };
    const issued = await this.parts.issuer.issue(identity, proved);
    const revoked = await this.parts.database.transaction(async (sql) => {
      if (!(await this.parts.tokens.spend(sql, keyId))) return undefined;
      const serials = await this.parts.certificates.revokeAll(sql, keyOf(identity), 'registered again');
      await this.parts.certificates.add(sql, { ...keyOf(identity), ...issued });
      return serials;
    });
    if (revoked === undefined) return this.#refuse(asked, aid, 'the token was used in the meantime', from);
    const { hub, sessions } = this.parts;
    await hub.end(await sessions.using(revoked), 'certificate-revoked', 'this agent has registered again');
    const { certificatePem, keyPem, caPem } = issued;
    return { nid: nid ?? '', cid, privateKey: keyPem, publicKey: certificatePem, caCert: caPem };
  }

  async #refuse(
    asked: NodeRegistrationRequest,
    owner: string | undefined,
    reason: string,
    from: string,
  ): Promise<never> {
    const aid = owner ?? Aid.parse(asked.aid);
    if (aid !== undefined) await this.parts.audit.refused(aid, 'agent.register', `from ${from}`, reason);
    throw new Refused('registration-refused', refusedWords);
  }

  #sane({ machineId, os }: NodeRegistrationRequest): { machineId: string; os: string } {
    if (machineId.length > 128 || !printable.test(machineId)) {
      throw new Refused('request-invalid', 'machineId must be 1 to 128 printable characters without spaces');
    }
    return { machineId, os: os.replace(/[^\x20-\x7e]/g, '').slice(0, 128) || 'unknown' };
  }

  /** Undefined when the cluster is gone or going. @throws Refused when it takes no further node, saying why */
  async #nidOf(aid: string, cid: string, machineId: string, os: string): Promise<string | undefined> {
    try {
      const { nid } = await this.parts.bus.request(reconciler.registerNode, { cid, machineId, os }, { tenant: aid });
      if (!Nid.is(nid)) throw new Error(`the reconciler named a node "${nid}", which is no nid`);
      return nid;
    } catch (error) {
      const fault = faultOf(error);
      if (isNotFound(error) || fault?.code === 'conflict.deleting') return undefined;
      if (fault?.code === 'limit.exceeded') throw new Refused('request-invalid', fault.message);
      throw error;
    }
  }
}
