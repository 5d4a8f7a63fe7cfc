import { Injectable } from '@nestjs/common';
import type { UpgradeWave } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { afterCommit, Database, idempotent } from '@runos/persistence';
import { latestRenderer, serviceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { z } from 'zod';
import type { UpgradeWaveRow } from '../schema/upgrade-wave-row.js';
import { Wakeups } from '../work/wakeups.js';
import type { Caller } from '../writes/preconditions.js';
import { PlanUpgradeWave } from './plan-upgrade-wave.js';
import { UpgradeCandidateRepository } from './upgrade-candidate-repository.js';
import { UpgradeWaveRepository } from './upgrade-wave-repository.js';
import { waveView } from './upgrade-wave-view.js';

type Create = z.output<typeof reconciler.createUpgradeWave.input>;
type Change = z.output<typeof reconciler.cancelUpgradeWave.input>;
type Cancelled = z.output<typeof reconciler.cancelUpgradeWave.output>;
type Resumed = z.output<typeof reconciler.resumeUpgradeWave.output>;

/** Accepts, cancels and resumes upgrade waves; `RunUpgradeWaves` executes them. */
@Injectable()
export class ChangeUpgradeWave {
  constructor(
    private readonly database: Database,
    private readonly waves: UpgradeWaveRepository,
    private readonly candidates: UpgradeCandidateRepository,
    private readonly plans: PlanUpgradeWave,
    private readonly wakeups: Wakeups,
  ) {}

  /** Stores the plan as a running wave. @throws Fault `upgrade.running`, and as the plan */
  async create(
    { type, version, maxUnavailable, idempotency }: Create,
    { tenant, changedBy }: Caller,
  ): Promise<UpgradeWave> {
    const rendererVersion = latestRenderer(serviceType(type));
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        await this.waves.lockStarts(sql, tenant, type);
        await this.waves.refuseRunning(sql, tenant, type);
        const { counts, groups } = await this.plans.ofAccount(sql, tenant, type, version);
        const upgradeId = uuidv7();
        const id = await this.waves.create(sql, {
          upgradeId,
          aid: tenant,
          type,
          version,
          rendererVersion,
          maxUnavailable,
          upToDate: counts.upToDate,
          createdBy: changedBy,
        });
        await this.candidates.addToWave(sql, tenant, { id, type }, groups);
        this.#wake(sql);
        return waveView(await this.waves.get(sql, tenant, upgradeId));
      }),
    );
  }

  /** @throws Fault `upgrade.not_found` */
  cancel(input: Change, { tenant, changedBy }: Caller): Promise<Cancelled> {
    return this.#change<Cancelled>(input, tenant, async (sql, wave) => {
      const { id, state } = await this.#lock(sql, wave);
      if (state !== 'running') return { cancelled: false, state, message: `The upgrade has ended already: ${state}.` };
      const why = { reason: 'Cancelled', message: `Cancelled by ${changedBy}.` };
      await this.waves.skipPending(sql, id, why);
      await this.waves.end(sql, id, 'cancelled', why);
      const message = 'Cancelled: no further instance starts, and running jobs go on to their end.';
      return { cancelled: true, state: 'cancelled', message };
    });
  }

  /** @throws Fault `upgrade.not_found`, `upgrade.running` for another wave of its type */
  resume(input: Change, { tenant }: Caller): Promise<Resumed> {
    return this.#change<Resumed>(input, tenant, async (sql, wave) => {
      await this.waves.lockStarts(sql, tenant, wave.type);
      const { id, state } = await this.#lock(sql, wave);
      if (state !== 'failed')
        return { resumed: false, state, message: `Only a failed upgrade resumes; this one is ${state}.` };
      await this.waves.refuseRunning(sql, tenant, wave.type);
      await this.waves.resume(sql, id);
      this.#wake(sql);
      return { resumed: true, state: 'running', message: 'Resumed; the failed instances are retried.' };
    });
  }

  #change<Result>(
    { id, idempotency }: Change,
    tenant: string,
    work: (sql: EntityManager, wave: UpgradeWaveRow) => Promise<Result>,
  ): Promise<Result> {
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => work(sql, await this.waves.get(sql, tenant, id))),
    );
  }

  async #lock(sql: EntityManager, { id, upgrade_id }: UpgradeWaveRow): Promise<UpgradeWaveRow> {
    const locked = await this.waves.lock(sql, id);
    if (locked === undefined) throw new Error(`upgrade ${upgrade_id} was deleted concurrently`);
    return locked;
  }

  #wake(sql: EntityManager): void {
    afterCommit(sql, () => this.wakeups.wake('upgrades'));
  }
}
