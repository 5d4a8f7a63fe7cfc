import { Injectable } from '@nestjs/common';
import type {
  AgentIdentity,
  AgentKind,
  NodeRegistrationRequest,
  NodeRegistrationResponse,
} from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { Nid } from '@runos/osid';
import { Database } from '@runos/persistence';
import { parseToken, secretMatches } from '@runos/security';
import { isNotFound } from '../agents/agent-connection-reporter.js';
import { keyOf } from '../agents/agent-repository.js';
import { CertificateIssuer } from '../certificates/certificate-issuer.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import { CallRefusal } from '../grpc/call-refusal.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { RegistrationTokenRepository } from '../tokens/registration-token-repository.js';
import { RefusedRegistrations } from './refused-registrations.js';

export type VerifiedToken =
  | {
      readonly valid: true;
      readonly keyId: string;
      readonly aid: string;
      readonly cid: string;
      readonly purpose: AgentKind;
    }
  /** `aid` is the account of the token, if the token exists. */
  | { readonly valid: false; readonly aid?: string; readonly reason: string };

@Injectable()
export class TokenVerifier {
  constructor(private readonly tokens: RegistrationTokenRepository) {}

  /** Whether the token permits an agent of this kind to register in this account now, otherwise the exact reason. */
  async verify(text: string, aid: string, kind: AgentKind | undefined): Promise<VerifiedToken> {
    const token = parseToken(text);
    if (token?.kind !== 'reg') return { valid: false, reason: 'it is no registration token' };
    const row = await this.tokens.find(token.keyId);
    const isGenuine = secretMatches(token.secret, row?.secret_hash);
    if (row === undefined) return { valid: false, reason: 'there is no such token' };
    const { cid, purpose } = row;
    const invalid = (reason: string): VerifiedToken => ({ valid: false, aid: row.aid, reason });
    if (!isGenuine) return invalid('its secret is wrong');
    if (row.used) return invalid('it was used before');
    if (row.expired) return invalid('it has expired');
    if (row.aid !== aid) return invalid(`it was presented for account ${JSON.stringify(aid.slice(0, 16))}`);
    if (purpose !== kind) return invalid(`it is for a ${purpose}, not for a ${kind ?? 'unknown kind of agent'}`);
    return { valid: true, keyId: token.keyId, aid: row.aid, cid, purpose };
  }
}

const maxFactLength = 128;
const printable = /^[\x21-\x7e]+$/;
const kinds: ReadonlyMap<string, AgentKind> = new Map([
  ['', 'node'],
  ['node', 'node'],
  ['cluster-agent', 'cluster-agent'],
]);

/** Exchanges a registration token for a certificate. Each token works once. */
@Injectable()
export class AgentRegistration {
  constructor(
    private readonly database: Database,
    private readonly tokens: RegistrationTokenRepository,
    private readonly verifier: TokenVerifier,
    private readonly certificates: CertificateRepository,
    private readonly sessions: SessionRepository,
    private readonly registry: SessionRegistry,
    private readonly issuer: CertificateIssuer,
    private readonly bus: Bus,
    private readonly refusals: RefusedRegistrations,
  ) {}

  /** @throws CallRefusal with equal details for every invalid token; Fault `unavailable`, with the token still unused */
  async register(request: NodeRegistrationRequest, address: string): Promise<NodeRegistrationResponse> {
    const verified = await this.verifier.verify(request.token, request.aid, kinds.get(request.agentKind));
    if (!verified.valid) return this.refusals.refuse(verified.aid, verified.reason, address);
    const { aid, cid, keyId } = verified;
    const facts = machineFacts(request);
    const key = await this.issuer.verifiedKey(request.csrPem);
    const nid = verified.purpose === 'node' ? await this.#registerNode(aid, { cid, ...facts }) : null;
    if (nid === undefined) return this.refusals.refuse(aid, `there is no cluster ${cid} that accepts nodes`, address);
    const identity: AgentIdentity = { aid, cid, nid };
    const issued = await this.issuer.issue(identity, key);
    const revoked = await this.database.transaction(async (sql) => {
      if (!(await this.tokens.use(sql, keyId))) return undefined;
      const serials = await this.certificates.revokeOfAgent(sql, keyOf(identity), 'registered again');
      await this.certificates.add(sql, { ...keyOf(identity), ...issued });
      return serials;
    });
    if (revoked === undefined) return this.refusals.refuse(aid, 'the token was used in the meantime', address);
    const sessionNos = await this.sessions.openWithCertificates(revoked);
    await this.registry.close(sessionNos, 'certificate-revoked', 'this agent has registered again');
    const { certificatePem, keyPem, caPem } = issued;
    return { nid: nid ?? '', cid, privateKey: keyPem, publicKey: certificatePem, caCert: caPem };
  }

  /** Undefined when the cluster does not exist or is being deleted. @throws CallRefusal when it has too many nodes */
  async #registerNode(
    aid: string,
    node: { readonly cid: string; readonly machineId: string; readonly os: string },
  ): Promise<string | undefined> {
    try {
      const { nid } = await this.bus.request(reconciler.registerNode, node, { tenant: aid });
      if (!Nid.is(nid)) throw new Error(`the reconciler returned "${nid}", which is no nid`);
      return nid;
    } catch (error) {
      const fault = faultOf(error);
      if (isNotFound(error) || fault?.code === 'conflict.deleting') return undefined;
      if (fault?.code === 'limit.exceeded') throw new CallRefusal('request-invalid', fault.message);
      throw error;
    }
  }
}

/** @throws CallRefusal */
function machineFacts({ machineId, os }: NodeRegistrationRequest) {
  if (machineId.length > maxFactLength || !printable.test(machineId)) {
    throw new CallRefusal('request-invalid', 'machineId must be 1 to 128 printable characters without spaces');
  }
  return { machineId, os: os.replace(/[^\x20-\x7e]/g, '').slice(0, maxFactLength) || 'unknown' };
}
