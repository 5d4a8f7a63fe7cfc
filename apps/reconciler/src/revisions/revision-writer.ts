import { Injectable } from '@nestjs/common';
import { tombstoneDigest } from '@runos/agent-protocol';
import type { Job } from '@runos/api';
import { setCondition } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import type { EntityManager } from 'typeorm';
import type { ReconcilerConfig } from '../config.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { InstanceSecrets } from '../instances/instance-secrets.js';
import { JobStarter, mintJobId } from '../jobs/job-starter.js';
import { jobEnd, JobUpdates } from '../jobs/job-updates.js';
import type { LogLine } from '../jobs/work-items.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { WorkRepository } from '../work/work-repository.js';
import { type DesiredSpec, describeSpec } from './desired-spec.js';
import { RevisionRepository } from './revision-repository.js';

/** The condition that every accepted write sets. */
export const acceptedCondition = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' } as const;

interface Change {
  readonly kind: 'apply' | 'remove';
  readonly type: Job['type'];
  readonly spec: DesiredSpec;
  readonly digest: string;
  readonly changedBy: string;
  readonly logs: readonly LogLine[];
}

/** Writes the next revision of a locked instance with its work and its job, in the transaction of the caller. */
@Injectable()
export class RevisionWriter {
  constructor(
    private readonly revisions: RevisionRepository,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
    private readonly work: WorkRepository,
    private readonly jobs: JobStarter,
    private readonly updates: JobUpdates,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** Makes `spec` desired. The new job supersedes the open one. Returns the id of the job. */
  async apply(
    sql: EntityManager,
    instance: InstanceRow,
    { spec, type, changedBy }: Pick<Change, 'spec' | 'type' | 'changedBy'>,
  ): Promise<string> {
    const secrets = this.secrets.unseal(instance);
    const { osid, type: instanceType } = instance;
    const input = { osid, type: instanceType, cluster: instance, spec, secrets };
    const { digest, bytes } = renderBundle(input, this.config.maxBundleBytes);
    const same = digest === instance.digest ? ', the same objects as before' : '';
    const logs: LogLine[] = [
      { step: 'validate', level: 'info', message: describeSpec(spec) },
      { step: 'render', level: 'info', message: `Rendered ${bytes} bytes, digest ${digest.slice(0, 12)}${same}.` },
    ];
    return this.#write(sql, instance, { kind: 'apply', type, spec, digest, changedBy, logs });
  }

  /** Writes a tombstone. An instance that no agent has received is deleted immediately, and its job completes. */
  async remove(sql: EntityManager, instance: InstanceRow, changedBy: string): Promise<string> {
    const sentRevision = await this.work.lockSentRevision(sql, instance.id);
    const jobId = await this.#write(sql, instance, {
      kind: 'remove',
      type: 'service.delete',
      spec: instance.spec,
      digest: tombstoneDigest,
      changedBy,
      logs: [{ step: 'check', level: 'info', message: `Nothing requires ${instance.osid}; it can be removed.` }],
    });
    if (sentRevision > 0) return jobId;
    await this.instances.remove(sql, instance.id);
    const line = { level: 'info', message: 'It was never sent to its cluster: there is nothing to delete.' } as const;
    await this.updates.end(sql, [jobEnd({ jobId, outcome: 'completed', line })]);
    return jobId;
  }

  async #write(sql: EntityManager, instance: InstanceRow, change: Change): Promise<string> {
    const { id: instanceId, now } = instance;
    const jobId = mintJobId(now);
    const { kind, type, spec, digest, changedBy, logs } = change;
    const conditions = setCondition(instance.conditions, acceptedCondition, instance.generation + 1, now);
    const next = { instanceId, kind, spec, digest, jobId, changedBy, conditions };
    const { generation, revision } = await this.revisions.create(sql, next);
    await this.jobs.supersede(sql, instanceId, jobId);
    await this.jobs.start(sql, {
      jobId,
      type,
      kind: kind === 'remove' ? 'delete' : 'apply',
      aid: instance.aid,
      cid: instance.cid,
      clusterId: instance.cluster_id,
      instanceId,
      osid: instance.osid,
      generation,
      revision,
      connected: instance.connected,
      now,
      logs,
    });
    return jobId;
  }
}
