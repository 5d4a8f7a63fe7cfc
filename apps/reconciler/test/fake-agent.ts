import { Controller } from '@nestjs/common';
import {
  type Bundle,
  bucketCount,
  type BodyOf,
  type BundleStatus,
  bundlesCapability,
  type DetectedAddon,
  READ_BUNDLE,
  type RESYNC,
  type ResyncEntry,
} from '@runos/agent-protocol';
import { agentGateway, type AgentConnection, reconciler } from '@runos/contracts';
import { faultOf } from '@runos/kernel';
import { Respond, Bus } from '@runos/messaging';
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { FakeReplies } from './fake-replies.js';
import { readBundle, type StoredBundle } from './stored-bundle.js';

type Status = BodyOf<typeof BundleStatus>;
type Instruction = z.output<typeof agentGateway.instruct.input>;
type InstructionReply = z.output<typeof agentGateway.instruct.output>;

interface Cluster {
  readonly cid: string;
  readonly aid: string;
}

/** A status as the agent gateway sends it to the reconciler. */
interface SentStatus extends Cluster {
  readonly sessionNo: number | undefined;
  readonly clusterUid: string | undefined;
  readonly status: Status;
}

const maxAttempts = 10;

/** The account of every test. */
export const testAid = 'aaaaa';

/**
 * A cluster agent with its gateway, according to their contracts: it refuses lower revisions, stores bundles, and
 * reports their status. `onBundle` decides which reports follow a stored bundle.
 */
@Controller()
export class FakeAgent extends FakeReplies {
  readonly stored = new Map<string, StoredBundle>();
  /** The spec of each stored bundle as the plane has sealed it. */
  readonly sealedSpecs = new Map<string, string>();
  readonly instructions: StoredBundle[] = [];
  readonly revokedClusters: string[] = [];
  readonly revokedNodes: string[] = [];
  /** The live heartbeats by nid; '' is the cluster agent. */
  readonly heartbeats = new Map<string, string>();
  /** The requests for heartbeats, each with its clusters. */
  readonly heartbeatRequests: string[][] = [];
  /** Its replies to instructions: `silent` never replies in time. */
  replies: 'accepting' | 'silent' | 'refusing' = 'accepting';
  /** The instructions that it has received while `silent`. */
  unanswered = 0;
  /** An older agent names no stored revision in its refusals, and returns no bundles. */
  isOlder = false;
  connected = false;
  /** Of its reports, ms; undefined: those of the contracts. */
  deadlineMs: number | undefined;
  onBundle: (bundle: StoredBundle) => Promise<void> = (bundle) => this.reportSuccess(bundle);
  readonly #running = new Set<Promise<void>>();
  #session = 0;
  #capabilities: string[] = [];
  #clusterUid: string | undefined;
  #seq = 0;
  #sequence = 0;

  readonly aid = testAid;
  readonly cid = 'abc';

  constructor(private readonly bus: Bus) {
    super();
  }

  @Respond(agentGateway.instruct)
  instruct({ sessionNo = this.#session, type, body }: Instruction): InstructionReply {
    if (!this.connected || sessionNo !== this.#session) return { outcome: 'absent' };
    if (this.replies === 'silent') {
      this.unanswered += 1;
      return { outcome: 'unknown' };
    }
    if (this.replies === 'refusing') return { outcome: 'refused', message: 'disk full' };
    const reply = this.replyTo(type, body);
    if (reply !== undefined) return { outcome: 'replied', body: reply };
    if (type === READ_BUNDLE.type) return this.#read(READ_BUNDLE.input.parse(body).osid);
    const bundle = readBundle(type, body);
    const before = this.stored.get(bundle.osid);
    const isOlderRevision = before !== undefined && before.revision > bundle.revision;
    const isOther = before?.revision === bundle.revision && before.digest !== bundle.digest;
    const { sealedSpec, history = [] } = body as Pick<Bundle, 'sealedSpec' | 'history'>;
    const known = history.find(({ revision }) => revision === before?.revision);
    const isForeign = !this.isOlder && known !== undefined && known.digest !== before?.digest;
    if (before !== undefined && (isOlderRevision || isOther || isForeign)) {
      const { revision, generation, digest } = before;
      const stored = this.isOlder ? {} : { stored: { revision, generation, digest } };
      return { outcome: 'replied', body: { accepted: false, reason: `revision ${revision} is stored`, ...stored } };
    }
    this.stored.set(bundle.osid, bundle);
    if (sealedSpec === undefined) this.sealedSpecs.delete(bundle.osid);
    else this.sealedSpecs.set(bundle.osid, sealedSpec);
    this.instructions.push(bundle);
    this.#run(() => this.onBundle(bundle));
    return { outcome: 'replied', body: { accepted: true } };
  }

  @Respond(agentGateway.listHeartbeats)
  listHeartbeats({ cids }: { cids: string[] }) {
    this.heartbeatRequests.push(cids);
    const agents = cids.flatMap((cid) =>
      [...this.heartbeats].map(([nid, lastHeartbeatAt]) => ({ cid, nid: nid === '' ? null : nid, lastHeartbeatAt })),
    );
    return { agents };
  }

  @Respond(agentGateway.revokeCluster)
  revokeCluster({ cid }: { cid: string }) {
    this.revokedClusters.push(cid);
    return {};
  }

  @Respond(agentGateway.revokeNode)
  revokeNode({ nid }: { nid: string }) {
    this.revokedNodes.push(nid);
    return {};
  }

  /** Opens a stream, whose connection is not reported yet. `clusterUid` null: the hello does not state it. */
  dial({ capabilities = [bundlesCapability], clusterUid = 'uid-1' }: Partial<AgentConnection> = {}): void {
    this.connected = true;
    this.#session += 1;
    this.#seq = 0;
    this.#sequence = 0;
    this.#capabilities = capabilities;
    this.#clusterUid = clusterUid ?? undefined;
  }

  /** Opens a stream. */
  async connect(over: Partial<AgentConnection> = {}): Promise<void> {
    this.dial(over);
    await this.reportConnection({ connected: true, ready: true, ...over });
  }

  /** Loses its stream, and after a while its readiness. */
  async disconnect(): Promise<void> {
    this.connected = false;
    await this.reportConnection({ connected: false, ready: true });
    await this.reportConnection({ connected: false, ready: false });
  }

  reportConnection(over: Partial<AgentConnection>): Promise<unknown> {
    this.#seq += 1;
    const report: AgentConnection = {
      cid: this.cid,
      nid: null,
      sessionNo: this.#session,
      seq: this.#seq,
      connected: this.connected,
      ready: true,
      version: '1.0.0',
      capabilities: this.#capabilities,
      clusterUid: this.#clusterUid ?? null,
      lastHeartbeatAt: new Date().toISOString(),
      certificateExpiresAt: null,
      ...over,
    };
    return this.bus.request(reconciler.reportAgentConnection, report, this.#options(this.aid));
  }

  /** Reports the status of a bundle, as the agent of its own cluster or of another one. */
  report(...about: Parameters<FakeAgent['compose']>): Promise<void> {
    return this.send(this.compose(...about));
  }

  /** The next status of this session, to be sent once or repeatedly. */
  compose(
    { osid, generation, digest }: Pick<StoredBundle, 'osid' | 'generation' | 'digest'>,
    phase: Status['phase'],
    over: Partial<Status> = {},
    from: Cluster = this,
  ): SentStatus {
    this.#sequence += 1;
    const content = { osid, generation, digest, phase, conditions: [], objects: [], ...over };
    const status = { ...content, sequence: this.#sequence, hash: hashOf(content) };
    const { aid, cid } = from;
    return { aid, cid, sessionNo: this.#session, clusterUid: this.#clusterUid, status };
  }

  /** Sends a status until it is acknowledged, as a cluster agent does: a busy machine may need more than its deadline. */
  async deliver(status: SentStatus): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.send(status);
      } catch (error) {
        if (faultOf(error)?.code !== 'unavailable' || attempt === maxAttempts) throw error;
      }
    }
  }

  async send({ aid, ...status }: SentStatus): Promise<void> {
    await this.bus.request(reconciler.reportBundleStatus, status, this.#options(aid));
  }

  /** Reports add-ons in its session, or as the agent of another cluster or session. */
  reportAddons(
    addons: DetectedAddon[],
    from: Partial<Cluster & { sessionNo: number; sequence: number | undefined }> = {},
  ): Promise<unknown> {
    this.#sequence += 1;
    const own = { aid: this.aid, cid: this.cid, sessionNo: this.#session, sequence: this.#sequence };
    const { aid, ...numbered } = { ...own, ...from };
    const report = { ...numbered, clusterUid: this.#clusterUid, addons };
    return this.bus.request(reconciler.reportAddons, report, this.#options(aid));
  }

  /** Registers a machine as a node of a cluster. */
  registerNode(machineId: string, { aid, cid }: Cluster = this): Promise<unknown> {
    return this.bus.request(reconciler.registerNode, { cid, machineId, os: 'debian-12' }, this.#options(aid));
  }

  /** Reports every phase of a bundle until it is ready, or until it is deleted. */
  async reportSuccess(bundle: StoredBundle): Promise<void> {
    const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: bundle.osid, name: bundle.osid };
    if (bundle.removed) {
      await this.deliver(this.compose(bundle, 'deleting', { objects: [{ ...object, state: 'deleting' }] }));
      this.stored.delete(bundle.osid);
      return this.deliver(this.compose(bundle, 'gone'));
    }
    await this.deliver(this.compose(bundle, 'applying', { objects: [{ ...object, state: 'pending' }] }));
    await this.deliver(this.compose(bundle, 'applied', { objects: [{ ...object, state: 'applied' }] }));
    await this.deliver(this.compose(bundle, 'ready', { objects: [{ ...object, state: 'ready' }] }));
  }

  /** The stored bundle of an instance. @throws Error when there is none */
  bundleOf(osid: string): StoredBundle {
    const bundle = this.stored.get(osid);
    if (bundle === undefined) throw new Error(`the agent has no bundle of ${osid}`);
    return bundle;
  }

  /** One step of the resync, by the agent of this cluster or of another one. */
  resync(question: BodyOf<typeof RESYNC>, from: Cluster = this) {
    const { aid, cid } = from;
    return this.bus.request(reconciler.resync, { cid, clusterUid: this.#clusterUid, question }, this.#options(aid));
  }

  /** The entries of all stored bundles. */
  entries(): ResyncEntry[] {
    return [...this.stored.values()].map(({ osid, revision, digest, generation }) => {
      const entry = { osid: osid as ResyncEntry['osid'], revision, digest };
      return this.isOlder ? entry : { ...entry, generation };
    });
  }

  /** The lists of all buckets, as an agent sends them that has found a difference. */
  resyncAll() {
    const buckets = Array.from({ length: bucketCount }, (_, index) => index);
    return this.resync({ step: 'list', buckets, entries: this.entries(), last: true });
  }

  #options(tenant: string): { readonly tenant: string; readonly deadlineMs?: number } {
    return this.deadlineMs === undefined ? { tenant } : { tenant, deadlineMs: this.deadlineMs };
  }

  /** Resolves when every report of a stored bundle is sent. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Receives no more instructions, and resolves when every report of a stored bundle is sent. */
  stop(): Promise<void> {
    this.connected = false;
    return this.idle();
  }

  #read(osid: string): InstructionReply {
    if (this.isOlder) return { outcome: 'refused', message: 'READ_BUNDLE is not supported' };
    const bundle = this.stored.get(osid);
    if (bundle === undefined) return { outcome: 'replied', body: { stored: null } };
    const { revision, generation, digest } = bundle;
    const sealedSpec = this.sealedSpecs.get(osid);
    return { outcome: 'replied', body: { stored: { revision, generation, digest, sealedSpec } } };
  }

  #run(work: () => Promise<void>): void {
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

const hashOf = (content: object): string => createHash('sha256').update(JSON.stringify(content)).digest('base64url');
