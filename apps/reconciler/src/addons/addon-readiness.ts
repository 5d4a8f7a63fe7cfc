import { Injectable } from '@nestjs/common';
import type { DetectedAddon } from '@runos/agent-protocol';
import { afterCommit } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import { Wakeups } from '../work/wakeups.js';
import { WorkRepository } from '../work/work-repository.js';
import { type ClusterAddonRow, ClusterAddonRepository } from './cluster-addon-repository.js';

/**
 * True if the agent reports the applied version as usable. Without an operator only the CRDs are installed. An operator
 * of a user is used, whether it came before or after ours, because the agent reports it instead of ours.
 */
function isInstalled(
  { desired, version, applied_version }: Pick<ClusterAddonRow, 'desired' | 'version' | 'applied_version'>,
  detected: DetectedAddon | undefined,
): boolean {
  if (desired !== 'installed' || detected === undefined || !detected.present || detected.ready === false) return false;
  const isVersion = detected.version === null || detected.version === version;
  return !detected.ours || (applied_version === version && isVersion);
}

/**
 * Follows the reports of agents. An add-on that gets ready ends its job and wakes the instances that wait for it; one
 * that is ready no more is applied again.
 */
@Injectable()
export class AddonReadiness {
  constructor(
    private readonly managed: ClusterAddonRepository,
    private readonly jobs: JobUpdates,
    private readonly work: WorkRepository,
    private readonly wakeups: Wakeups,
  ) {}

  /** Locks the work that `update` may requeue, for transactions that lock a job before it. */
  lockWork(sql: EntityManager, clusterId: number): Promise<void> {
    return this.work.lockUndelivered(sql, clusterId);
  }

  async update(
    sql: EntityManager,
    cluster: { readonly id: number; readonly aid: string },
    addons: readonly DetectedAddon[],
  ): Promise<void> {
    for (const row of await this.managed.lock(sql, cluster.aid, cluster.id)) {
      const ready = isInstalled(
        row,
        addons.find(({ name }) => name === row.name),
      );
      if (ready === row.ready) continue;
      await this.managed.recordReady(sql, row, ready);
      if (ready) await this.#recordInstalled(sql, row);
      afterCommit(sql, () => this.wakeups.wake(ready ? 'work' : 'addons'));
    }
  }

  async #recordInstalled(sql: EntityManager, { cluster_id, job_id, name, version }: ClusterAddonRow): Promise<void> {
    const line = { level: 'info', message: `${name} ${version} is ready.` } as const;
    await this.work.requeueCluster(sql, cluster_id); // before the job: the lock order is work, job
    if (job_id !== null) await this.jobs.end(sql, [jobEnd({ jobId: job_id, outcome: 'completed', line })]);
  }
}
