import { Injectable } from '@nestjs/common';
import { withoutQuotedLog } from '@runos/api';
import { Fault } from '@runos/kernel';
import { InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import { Database } from '@runos/persistence';
import { storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { InstanceRepository } from '../instances/instance-repository.js';
import { acceptedServiceSpec, isSameSpec } from '../revisions/desired-spec.js';
import { faultOr } from '../revisions/fault-or.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import { type Block, blockingStateOf, refusedBlock, stateBlock, UpgradeBlocks } from '../revisions/upgrade-blocks.js';
import { pinnedTarget } from '../revisions/upgrade-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { UpgradeWaveRow, WaveInstanceRow } from '../schema/upgrade-wave-row.js';
import { lockTimeoutMs } from '../work/traced-batcher.js';
import { nextStep } from './next-step.js';
import { type SettledInstance, UpgradeWaveRepository } from './upgrade-wave-repository.js';

const deletedBlock: Block = { reason: 'Deleted', message: 'It does not exist any more.' };

/** Runs the upgrade waves. The end of an instance's job wakes it; the statement that ends the job has settled the instance. */
@Injectable()
export class RunUpgradeWaves {
  constructor(
    private readonly database: Database,
    private readonly waves: UpgradeWaveRepository,
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionWriter,
    private readonly blocks: UpgradeBlocks,
    @InjectLogger() private readonly logger: Logger,
  ) {}

  /** Makes every step that running waves can make now. Locked rows of one wave delay no other. */
  async run(signal: AbortSignal): Promise<undefined> {
    for (const { id } of await this.waves.listRunning(this.database.manager)) {
      try {
        let isMoving = true;
        while (isMoving && !signal.aborted)
          isMoving = await this.database.transaction((sql) => this.#step(sql, id), { lockTimeoutMs });
      } catch (error) {
        this.logger.warn({ err: error, wave: id }, 'a step of an upgrade wave failed, retrying at the next resync');
      }
    }
  }

  /** Makes one step, in a transaction of its own. Returns whether another one may follow. */
  async #step(sql: EntityManager, id: number): Promise<boolean> {
    const wave = await this.waves.lock(sql, id);
    if (wave?.state !== 'running') return false;
    const step = nextStep(await this.waves.progress(sql, wave));
    switch (step.kind) {
      case 'wait':
        return false;
      case 'complete':
        await this.waves.end(sql, id, 'completed');
        return false;
      case 'fail':
        await this.waves.end(sql, id, 'failed', failureOf(step.instance));
        return false;
      case 'start':
        await this.waves.settle(sql, id, step.instance.position, await this.#start(sql, wave, step.instance));
        return true;
    }
  }

  /** Starts the upgrade of an instance from its current spec, as a single upgrade does. */
  async #start(sql: EntityManager, wave: UpgradeWaveRow, planned: WaveInstanceRow): Promise<SettledInstance> {
    const { aid, type, renderer_version: rendererVersion, created_by: changedBy } = wave;
    const { cid, osid, to_version: version } = planned;
    const instance = await this.instances.lockIfExists(sql, aid, { cid, type, id: osid });
    if (instance === undefined) return { state: 'skipped', ...deletedBlock };
    const closed = stateBlock(blockingStateOf(instance));
    if (closed !== undefined) return { state: 'skipped', ...closed };
    const current = acceptedServiceSpec(instance);
    const target = { rendererVersion, version: version ?? current.version };
    const spec = pinnedTarget(storedType(type), current, target);
    if (isSameSpec(current, spec) && !needsRetry(planned, instance)) return { state: 'completed' };
    const block = this.blocks.of(instance, spec);
    if (block !== undefined) return { state: 'skipped', ...block };
    const rendered = faultOr(() => this.revisions.render(instance, spec));
    if (rendered instanceof Fault) return { state: 'skipped', ...refusedBlock(rendered.message) };
    const jobId = await this.revisions.writeSpec(sql, instance, { spec, type: 'service.upgrade', changedBy });
    return { state: 'running', jobId };
  }
}

/** After a failed job the spec is at the target already; unless the instance has recovered, another job delivers it again. */
const needsRetry = ({ job_id }: WaveInstanceRow, { state, generation, observed_generation }: InstanceRow): boolean =>
  job_id !== null && !(state === 'healthy' && observed_generation === generation);

function failureOf({ cid, osid, job_id, message }: WaveInstanceRow): Block {
  const job = job_id === null ? '' : ` (job ${job_id})`;
  return {
    reason: 'InstanceFailed',
    message: `${osid} of cluster ${cid} was not upgraded${job}: ${withoutQuotedLog(message ?? '')} Repair the cause, then resume the upgrade.`,
  };
}
