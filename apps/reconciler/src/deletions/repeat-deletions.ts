import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { reconciled, type ReconcileResult, requeue, retryAfterError, WorkQueue } from '@runos/engine';
import { Database } from '@runos/persistence';
import { ClusterLog } from '../clusters/cluster-log.js';
import { isFromForeign } from '../connections/foreign-agent.js';
import { AgentInstructions } from '../delivery/agent-instructions.js';
import { DeletionRepository } from './deletion-repository.js';

/** `<aid>/<cid>/<osid>` */
type DeletionKey = `${string}/${string}/${string}`;

const keyOf = (aid: string, cid: string, osid: string): DeletionKey => `${aid}/${cid}/${osid}`;

/** The cluster whose agent reports OSIDs, and the Kubernetes cluster of the agent. */
interface DeletionReport {
  readonly cid: string;
  readonly clusterUid?: string | undefined;
}

/** Of all clusters, and of one: an instruction to an agent that does not reply takes 10 s, and is repeated. */
const concurrency = { maxConcurrentReconciles: 8, maxConcurrentReconcilesPerGroup: 2 };
/** A connection is recorded a moment after the first report of its agent. It is awaited for this long, ms. */
const connectionTimeoutMs = 60_000;
const connectionPollMs = 1_000;

/**
 * Deletes instances again that came back to their cluster after their deletion, for example from a backup of the
 * cluster. The queue is in memory only: each resync of the agent names these instances again.
 */
@Injectable()
export class RepeatDeletions implements OnModuleDestroy {
  readonly #queue: WorkQueue<DeletionKey>;
  /** The end of the wait for the connection, on the monotonic clock, ms. */
  readonly #deadlines = new Map<DeletionKey, number>();

  constructor(
    private readonly database: Database,
    private readonly deletions: DeletionRepository,
    private readonly instructions: AgentInstructions,
    private readonly log: ClusterLog,
  ) {
    this.#queue = new WorkQueue<DeletionKey>({
      ...concurrency,
      reconcile: (key) => this.#repeat(key),
      onResult: (deletion, result) => {
        if (result.kind === 'reconciled') this.#deadlines.delete(deletion);
        if (result.kind !== 'error') return;
        const [aid = '', cid = ''] = deletion.split('/');
        this.log.write({ aid, cid }, 'warn', { err: result.cause, deletion }, 'repeating a deletion failed');
      },
    });
  }

  /**
   * Queues the deletion of those among the reported OSIDs that were deleted in this cluster. All others are not touched,
   * and neither are those that an agent in another Kubernetes cluster reports.
   */
  async run(tenant: string, { cid, clusterUid }: DeletionReport, osids: readonly string[]): Promise<void> {
    if (osids.length === 0) return;
    const deleted = await this.deletions.among(this.database.manager, tenant, cid, osids);
    for (const { osid, ...cluster } of deleted) {
      if (isFromForeign(clusterUid, cluster)) continue;
      const key = keyOf(tenant, cid, osid);
      this.#deadlines.set(key, performance.now() + connectionTimeoutMs);
      this.#queue.add(key);
    }
  }

  onModuleDestroy(): Promise<void> {
    return this.#queue.stop();
  }

  async #repeat(key: DeletionKey): Promise<ReconcileResult> {
    const [tenant = '', cid = '', osid = ''] = key.split('/');
    const [deletion] = await this.deletions.among(this.database.manager, tenant, cid, [osid]);
    if (deletion === undefined) return reconciled();
    const outcome = await this.instructions.repeatDeletion(deletion);
    if (outcome.outcome === 'absent') {
      const isOver = performance.now() > (this.#deadlines.get(key) ?? 0);
      // The resync of a later stream names it again.
      return isOver ? reconciled() : requeue('AgentDisconnected', connectionPollMs);
    }
    const cluster = { aid: tenant, cid };
    this.log.write(cluster, 'info', { osid, ...outcome }, 'an instance is deleted again that came back');
    // A refusal stays: the agent stores another history.
    const mayFollow = outcome.outcome === 'unknown' || outcome.outcome === 'failed';
    return mayFollow ? retryAfterError(new Error(`the outcome is ${outcome.outcome}`)) : reconciled();
  }
}
