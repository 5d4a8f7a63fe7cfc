import { Controller } from '@nestjs/common';
import { differingBuckets } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { ClusterLog } from '../clusters/cluster-log.js';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { ClusterShare } from '../clusters/cluster-share.js';
import { isFromForeign } from '../connections/foreign-agent.js';
import { RepeatDeletions } from '../deletions/repeat-deletions.js';
import { RecordDivergence } from '../divergence/record-divergence.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { isTombstone } from '../divergence/foreign-bundle.js';
import { compareEntries } from './compare-entries.js';
import { DesiredHashRepository, type HashScope } from './desired-hash-repository.js';

type Input = z.output<typeof reconciler.resync.input>;
type Result = z.output<typeof reconciler.resync.output>;
type ListStep = Extract<Input['question'], { step: 'list' }>;

const nothingDiffers = { redeliver: [], diverged: new Set<number>(), unknown: [], foreign: [] };

const scopeOf = ({ kinds = false, writers = false }: Partial<HashScope>): HashScope => ({ kinds, writers });

/**
 * Compares the stored bundles of an agent with the desired revisions, and delivers the differing ones again. Instances
 * that were deleted in this cluster are deleted again. An agent in another Kubernetes cluster changes nothing.
 */
@Controller()
export class ResyncController {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly instances: InstanceRepository,
    private readonly hashes: DesiredHashRepository,
    private readonly work: WorkRepository,
    private readonly wakeups: Wakeups,
    private readonly divergences: RecordDivergence,
    private readonly deletions: RepeatDeletions,
    private readonly log: ClusterLog,
    private readonly share: ClusterShare,
  ) {}

  @Respond(reconciler.resync)
  resync(input: Input, { tenant }: CallContext<'tenant'>): Promise<Result> {
    return this.share.run({ tenant, cid: input.cid }, () => this.#answer(input, tenant));
  }

  async #answer({ cid, clusterUid, question: step }: Input, tenant: string): Promise<Result> {
    if (step.step === 'list') return this.#compareList({ cid, clusterUid }, step, tenant);
    if (step.step === 'orphans') {
      await this.deletions.run(tenant, { cid, clusterUid }, step.osids);
      return {};
    }
    const sql = this.database.manager;
    const cluster = await this.clusters.get(sql, tenant, cid);
    if (isFromForeign(clusterUid, cluster)) return step.step === 'root' ? {} : { differing: [] };
    const { id } = cluster;
    if (step.step === 'statuses') {
      return { differing: differingBuckets(await this.hashes.statusBuckets(sql, id), step.buckets) };
    }
    const scope = scopeOf(step);
    if (step.step === 'buckets') {
      return { differing: differingBuckets(await this.hashes.buckets(sql, cluster, scope), step.buckets) };
    }
    const { count, root } = await this.hashes.root(sql, cluster, scope);
    return { equal: count === step.count && root === step.root };
  }

  async #compareList(
    { cid, clusterUid }: Pick<Input, 'cid' | 'clusterUid'>,
    { buckets, entries, ...step }: ListStep,
    tenant: string,
  ): Promise<Result> {
    const { redeliver, diverged, unknown, foreign } = await this.database.transaction(async (sql) => {
      // Lock order: a write to many work rows of a cluster locks the cluster first, which prevents deadlocks.
      const cluster = await this.clusters.get(sql, tenant, cid, 'change');
      if (isFromForeign(clusterUid, cluster)) return nothingDiffers;
      const { id } = cluster;
      const scope = scopeOf(step);
      const difference = compareEntries(await this.hashes.entries(sql, cluster, buckets, scope), entries, scope);
      const diverged = new Set(await this.divergences.run(sql, difference.differing));
      const redeliver = difference.redeliver.filter((instanceId) => !diverged.has(instanceId));
      await this.divergences.end(sql, redeliver);
      await this.work.redeliver(sql, id, redeliver);
      const foreign = await this.instances.foreignAmong(sql, tenant, difference.unknown);
      return { ...difference, redeliver, diverged, foreign };
    });
    const removing = new Set(entries.filter(isTombstone).map(({ osid }): string => osid));
    await this.deletions.run(
      tenant,
      { cid, clusterUid },
      unknown.filter((osid) => !removing.has(osid)),
    );
    if (redeliver.length > 0) this.wakeups.wake('work');
    if (redeliver.length + diverged.size + unknown.length > 0) {
      const counts = { redelivered: redeliver.length, diverged: diverged.size, unknown: unknown.length };
      this.log.write({ aid: tenant, cid }, 'info', counts, 'a resync found differences');
    }
    return { unknown: [...unknown], ...(foreign.length > 0 ? { foreign } : {}) };
  }
}
