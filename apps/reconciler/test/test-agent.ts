import { Controller } from '@nestjs/common';
import { APPLY_BUNDLE, type BodyOf, type BundleStatus, DELETE_BUNDLE, type RESYNC } from '@runos/agent-protocol';
import { agentGateway, type AgentConnection, reconciler } from '@runos/contracts';
import { unpackObjects } from '@runos/kube-objects';
import { Respond, Bus } from '@runos/messaging';
import type { z } from 'zod';

type Status = BodyOf<typeof BundleStatus>;
type Asked = z.output<typeof agentGateway.instruct.input>;
type Said = z.output<typeof agentGateway.instruct.output>;

/** What an agent has stored of one instance. */
export interface Stored {
  readonly osid: string;
  readonly generation: number;
  readonly revision: number;
  readonly digest: string;
  readonly objects: number;
  readonly removed: boolean;
}

/** The account of every test. */
export const testAid = 'aaaaa';

const tombstone = '0'.repeat(64);

/**
 * A cluster agent behind its gateway, with the behaviour both promise: it refuses lower revisions, keeps what it took,
 * and reports on it. What becomes of a bundle is `live`'s to say.
 */
@Controller()
export class TestAgent {
  readonly stored = new Map<string, Stored>();
  readonly instructions: Stored[] = [];
  readonly forgotten: string[] = [];
  heartbeat: string | null = null;
  /** How it answers: `silent` never does in time. */
  mood: 'answering' | 'silent' | 'refusing' = 'answering';
  present = false;
  /** What happens to a bundle once it is stored; by default it goes well. */
  live: (bundle: Stored) => Promise<void> = (bundle) => this.goesWell(bundle);
  readonly #working = new Set<Promise<void>>();
  #session = 0;
  #seq = 0;

  readonly aid = testAid;
  cid = 'abc';

  constructor(private readonly bus: Bus) {}

  @Respond(agentGateway.instruct)
  instruct({ type, body }: Asked): Said {
    if (!this.present) return { outcome: 'absent' };
    if (this.mood === 'silent') return { outcome: 'unknown' };
    if (this.mood === 'refusing') return { outcome: 'refused', message: 'disk full' };
    const bundle = read(type, body);
    const before = this.stored.get(bundle.osid);
    if (before !== undefined && before.revision > bundle.revision) {
      return { outcome: 'answered', body: { accepted: false, reason: `revision ${before.revision} is stored` } };
    }
    this.stored.set(bundle.osid, bundle);
    this.instructions.push(bundle);
    this.#work(() => this.live(bundle));
    return { outcome: 'answered', body: { accepted: true } };
  }

  @Respond(agentGateway.listHeartbeats)
  heartbeats() {
    return { agents: [{ nid: null, lastHeartbeatAt: this.heartbeat }] };
  }

  @Respond(agentGateway.revokeCluster)
  forget({ cid }: { cid: string }) {
    this.forgotten.push(cid);
    return {};
  }

  /** Opens a stream. */
  async connect(over: Partial<AgentConnection> = {}): Promise<void> {
    this.present = true;
    this.#session += 1;
    this.#seq = 0;
    await this.says({ connected: true, ready: true, ...over });
  }

  /** Loses its stream, and after a while its readiness. */
  async disconnect(): Promise<void> {
    this.present = false;
    await this.says({ connected: false, ready: true });
    await this.says({ connected: false, ready: false });
  }

  says(over: Partial<AgentConnection>): Promise<unknown> {
    this.#seq += 1;
    const told: AgentConnection = {
      cid: this.cid,
      nid: null,
      sessionNo: this.#session,
      seq: this.#seq,
      connected: this.present,
      ready: true,
      version: '1.0.0',
      capabilities: ['bundles/1'],
      clusterUid: 'uid-1',
      lastHeartbeatAt: new Date().toISOString(),
      certificateExpiresAt: null,
      ...over,
    };
    return this.bus.request(reconciler.reportAgentConnection, told, { tenant: this.aid });
  }

  /** Reports on a bundle, as the agent of its own cluster or of another. */
  async reports(
    bundle: Pick<Stored, 'osid' | 'generation' | 'digest'>,
    phase: Status['phase'],
    over: Partial<Status> = {},
    from: { readonly cid: string; readonly aid: string } = this,
  ) {
    const { osid, generation, digest } = bundle;
    const status = { osid, generation, digest, phase, conditions: [], objects: [], ...over };
    await this.bus.request(reconciler.reportBundleStatus, { cid: from.cid, status }, { tenant: from.aid });
  }

  async goesWell(bundle: Stored): Promise<void> {
    const object = { apiVersion: 'apps/v1', kind: 'StatefulSet', namespace: bundle.osid, name: bundle.osid };
    if (bundle.removed) {
      await this.reports(bundle, 'deleting', { objects: [{ ...object, state: 'deleting' }] });
      this.stored.delete(bundle.osid);
      return this.reports(bundle, 'gone');
    }
    await this.reports(bundle, 'applying', { objects: [{ ...object, state: 'pending' }] });
    await this.reports(bundle, 'applied', { objects: [{ ...object, state: 'applied' }] });
    await this.reports(bundle, 'ready', { objects: [{ ...object, state: 'ready' }] });
  }

  /** One step of the comparison of what is stored with what is wanted, by the agent of this cluster or another. */
  resync(question: BodyOf<typeof RESYNC>, from: { readonly cid: string; readonly aid: string } = this) {
    return this.bus.request(reconciler.resync, { cid: from.cid, question }, { tenant: from.aid });
  }

  /** Resolves when everything begun so far has been reported. */
  async quiet(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  #work(work: () => Promise<void>): void {
    const turn = work().finally(() => this.#working.delete(turn));
    this.#working.add(turn);
  }
}

function read(type: string, body: unknown): Stored {
  if (type === DELETE_BUNDLE.type) {
    const { osid, generation, revision } = DELETE_BUNDLE.input.parse(body);
    return { osid, generation, revision, digest: tombstone, objects: 0, removed: true };
  }
  const { osid, generation, revision, digest, objectsGz } = APPLY_BUNDLE.input.parse(body);
  return { osid, generation, revision, digest, objects: unpackObjects(objectsGz, digest).length, removed: false };
}
