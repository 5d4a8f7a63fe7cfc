import { Injectable } from '@nestjs/common';
import type { Job } from '@runos/api';
import type { JobProgress } from '@runos/contracts';
import { Fault, setCondition } from '@runos/kernel';
import { tombstoneDigest } from '@runos/agent-protocol';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { beginJob, supersede } from '../jobs/begin-job.js';
import { endJobs } from '../jobs/end-jobs.js';
import { mintJobId } from '../jobs/mint-job-id.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { Spec } from '../revisions/spec.js';
import { nextRevision } from '../revisions/write-revision.js';
import { Accepted } from './accepted.js';
import type { InstanceRow } from './instance-row.js';
import { Secrets } from './secrets.js';
import { inWordsOf } from './spec-words.js';

const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' } as const;

export const refuseDeleting = (instance: InstanceRow): void => {
  if (!instance.deleting) return;
  throw new Fault('conflict.deleting', `${instance.osid} is being deleted; it cannot be changed any more.`);
};

/** Writes what is wanted of a locked instance next: revision, work and job, in the transaction of the caller. */
@Injectable()
export class WriteInstance {
  constructor(
    private readonly secrets: Secrets,
    private readonly follow: Accepted,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** Wants `spec` of it, with a job that takes the place of the one that may be open. */
  async apply(
    sql: EntityManager,
    instance: InstanceRow,
    change: { readonly spec: Spec; readonly type: Job['type']; readonly who: string },
  ): Promise<JobProgress> {
    const { spec, type, who } = change;
    const secrets = this.secrets.open(instance);
    const { osid, type: of } = instance;
    const bundle = renderBundle({ osid, type: of, cluster: instance, spec, secrets }, this.config.maxBundleBytes);
    return this.#write(sql, instance, {
      kind: 'apply',
      type,
      spec,
      digest: bundle.digest,
      who,
      lines: [
        { step: 'validate', level: 'info', message: inWordsOf(spec) },
        {
          step: 'render',
          level: 'info',
          message: `Rendered ${bundle.bytes} bytes, digest ${bundle.digest.slice(0, 12)}${bundle.digest === instance.digest ? ', the same objects as before' : ''}.`,
        },
      ],
    });
  }

  /** Wants it gone. What never left this plane is gone at once, and so is its job. */
  async remove(sql: EntityManager, instance: InstanceRow, who: string): Promise<JobProgress> {
    const [{ sent }] = await runSql<{ sent: number }>(sql, 'SELECT sent FROM work WHERE id = $1 FOR NO KEY UPDATE', [
      instance.id,
    ]);
    const opened = await this.#write(sql, instance, {
      kind: 'remove',
      type: 'service.delete',
      spec: instance.spec,
      digest: tombstoneDigest,
      who,
      lines: [{ step: 'check', level: 'info', message: `Nothing requires ${instance.osid}; it can be removed.` }],
    });
    if (sent > 0) return opened;
    await runSql(sql, 'DELETE FROM instance WHERE id = $1', [instance.id]);
    const line = { level: 'info', message: 'It was never sent to its cluster: nothing is left to remove.' } as const;
    await endJobs(sql, [{ jobId: opened.job.id, outcome: 'completed', reason: null, error: null, line }]);
    return opened;
  }

  async #write(sql: EntityManager, instance: InstanceRow, next: NextWrite): Promise<JobProgress> {
    const jobId = mintJobId(instance.now);
    const { kind, type, spec, digest, who, lines } = next;
    const conditions = setCondition(instance.conditions, accepted, instance.generation + 1, instance.now);
    const { generation, revision } = await nextRevision(sql, {
      instanceId: instance.id,
      kind,
      spec,
      digest,
      jobId,
      who,
      conditions,
    });
    await supersede(sql, instance.id, jobId);
    return beginJob(sql, {
      jobId,
      type,
      kind: kind === 'remove' ? 'delete' : 'apply',
      aid: instance.aid,
      cid: instance.cid,
      clusterId: instance.cluster_id,
      instanceId: instance.id,
      osid: instance.osid,
      generation,
      revision,
      present: instance.present,
      now: instance.now,
      ...this.follow.clock,
      logs: lines,
    });
  }
}

interface NextWrite {
  readonly kind: 'apply' | 'remove';
  readonly type: Job['type'];
  readonly spec: Spec;
  readonly digest: string;
  readonly who: string;
  readonly lines: Parameters<typeof beginJob>[1]['logs'];
}
