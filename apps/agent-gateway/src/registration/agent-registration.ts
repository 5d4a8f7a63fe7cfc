import { Injectable } from '@nestjs/common';
import type { AgentIdentity, NodeRegistrationRequest, NodeRegistrationResponse } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { Nid } from '@runos/osid';
import { Database } from '@runos/persistence';
import { isNotFound } from '../agents/agent-connection-reporter.js';
import { keyOf } from '../agents/agent-repository.js';
import { ClusterAgents } from '../agents/cluster-agents.js';
import { CertificateIssuer } from '../certificates/certificate-issuer.js';
import { CertificateRepository } from '../certificates/certificate-repository.js';
import { CallRefusal } from '../grpc/call-refusal.js';
import { SessionRegistry } from '../sessions/session-registry.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { RegistrationTokenRepository } from '../tokens/registration-token-repository.js';
import { RefusedRegistrations } from './refused-registrations.js';
import { RepeatedRegistration, keyHashOf } from './repeated-registration.js';
import { TokenVerifier, type ValidToken } from './token-verifier.js';

const maxFactLength = 128;
const printable = /^[\x21-\x7e]+$/;

/** Exchanges a registration token for a certificate. Each token works once; its user may repeat the request. */
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
    private readonly agents: ClusterAgents,
    private readonly bus: Bus,
    private readonly refusals: RefusedRegistrations,
    private readonly repeated: RepeatedRegistration,
  ) {}

  /** @throws CallRefusal with equal details for every invalid token; Fault `unavailable`, with the token still unused */
  async register(request: NodeRegistrationRequest, address: string): Promise<NodeRegistrationResponse> {
    const verified = await this.verifier.verify(request);
    if (!verified.valid) return this.refusals.refuse(verified.aid, verified.reason, address);
    const response = await this.#answer(verified, request, address);
    if (response.nid !== '') await this.#refuseDeletedNode(verified.aid, response, request, address);
    return response;
  }

  async #answer(
    verified: ValidToken,
    request: NodeRegistrationRequest,
    address: string,
  ): Promise<NodeRegistrationResponse> {
    if (verified.earlier !== undefined) return this.repeated.answer(verified, request, address);
    const issued = await this.#registerOnce(verified, request, address);
    if (issued !== undefined) return issued;
    // Another request has used the token meanwhile: an earlier attempt of the same agent, or that of another one.
    const used = await this.verifier.verify(request);
    if (!used.valid) return this.refusals.refuse(used.aid, used.reason, address);
    return this.repeated.answer(used, request, address);
  }

  /** A deletion of the node that ended before its certificate was stored did not revoke it. */
  async #refuseDeletedNode(
    aid: string,
    { cid, nid }: NodeRegistrationResponse,
    request: NodeRegistrationRequest,
    address: string,
  ): Promise<void> {
    const confirmed = await this.#registerNode(aid, { cid, ...machineFacts(request), nid });
    if (confirmed === nid) return;
    await this.agents.revokeNode({ aid, cid, nid });
    this.refusals.refuse(aid, `node ${nid} was deleted while its machine registered`, address);
  }

  /** Undefined when the token was used in the meantime. */
  async #registerOnce(
    { aid, cid, keyId, purpose }: ValidToken,
    request: NodeRegistrationRequest,
    address: string,
  ): Promise<NodeRegistrationResponse | undefined> {
    const facts = machineFacts(request);
    const key = await this.issuer.verifiedKey(request.csrPem);
    const nid = purpose === 'node' ? await this.#registerNode(aid, { cid, ...facts }) : null;
    if (nid === undefined) return this.refusals.refuse(aid, `there is no cluster ${cid} that accepts nodes`, address);
    const identity: AgentIdentity = { aid, cid, nid };
    const issued = await this.issuer.issue(identity, key);
    const { serial, certificatePem, keyPem, caPem } = issued;
    const isHolder = keyPem === '';
    const use = {
      machineId: request.machineId,
      keyHash: isHolder ? keyHashOf(key.publicKey) : null,
      serial,
      certificate: isHolder ? certificatePem : null,
    };
    const revoked = await this.database.transaction(async (sql) => {
      if (!(await this.tokens.use(sql, keyId, use))) return undefined;
      const serials = await this.certificates.revokeOfAgent(sql, keyOf(identity), 'registered again');
      await this.certificates.add(sql, { ...keyOf(identity), ...issued });
      return serials;
    });
    if (revoked === undefined) return undefined;
    const sessionNos = await this.sessions.openWithCertificates(revoked);
    await this.registry.close(sessionNos, 'certificate-revoked', 'this agent has registered again');
    return { nid: nid ?? '', cid, privateKey: keyPem, publicKey: certificatePem, caCert: caPem };
  }

  /** Undefined when the cluster, or the node `nid`, does not exist or is being deleted. @throws CallRefusal when it has too many nodes */
  async #registerNode(
    aid: string,
    node: { readonly cid: string; readonly machineId: string; readonly os: string; readonly nid?: string },
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
