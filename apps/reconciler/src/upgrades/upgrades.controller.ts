import { Controller } from '@nestjs/common';
import { reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import type { z } from 'zod';
import { pageOf, readCursor } from '../instances/page-cursor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeUpgradeWave } from './change-upgrade-wave.js';
import { PlanUpgradeWave } from './plan-upgrade-wave.js';
import { UpgradeWaveRepository } from './upgrade-wave-repository.js';
import { waveInstanceView, waveView } from './upgrade-wave-view.js';

type Call = CallContext<'tenant'>;
type In<C extends { input: z.ZodType }> = z.output<C['input']>;
type Out<C extends { output: z.ZodType }> = z.output<C['output']>;

@Controller()
export class UpgradesController {
  constructor(
    private readonly database: Database,
    private readonly waves: UpgradeWaveRepository,
    private readonly plans: PlanUpgradeWave,
    private readonly changes: ChangeUpgradeWave,
  ) {}

  @Respond(reconciler.planUpgradeWave)
  plan(input: In<typeof reconciler.planUpgradeWave>, { tenant }: Call) {
    return this.plans.run(input, tenant);
  }

  @Respond(reconciler.createUpgradeWave)
  create(input: In<typeof reconciler.createUpgradeWave>, call: Call) {
    return this.changes.create(input, callerOf(call));
  }

  @Respond(reconciler.listUpgradeWaves)
  async list(
    { limit, cursor }: In<typeof reconciler.listUpgradeWaves>,
    { tenant }: Call,
  ): Promise<Out<typeof reconciler.listUpgradeWaves>> {
    const listed = { after: readCursor(cursor) ?? Number.MAX_SAFE_INTEGER, limit: limit + 1 };
    const { page, nextCursor } = pageOf(await this.waves.list(this.database.manager, tenant, listed), limit);
    return { upgrades: page.map(waveView), nextCursor };
  }

  @Respond(reconciler.showUpgradeWave)
  async show(
    { id, limit, cursor }: In<typeof reconciler.showUpgradeWave>,
    { tenant }: Call,
  ): Promise<Out<typeof reconciler.showUpgradeWave>> {
    const sql = this.database.manager;
    const wave = await this.waves.get(sql, tenant, id);
    const listed = { after: readCursor(cursor) ?? 0, limit: limit + 1 };
    const { page, nextCursor } = pageOf(await this.waves.listInstances(sql, wave.id, listed), limit);
    return { ...waveView(wave), instances: page.map((row) => waveInstanceView(wave, row)), nextCursor };
  }

  @Respond(reconciler.cancelUpgradeWave)
  cancel(input: In<typeof reconciler.cancelUpgradeWave>, call: Call) {
    return this.changes.cancel(input, callerOf(call));
  }

  @Respond(reconciler.resumeUpgradeWave)
  resume(input: In<typeof reconciler.resumeUpgradeWave>, call: Call) {
    return this.changes.resume(input, callerOf(call));
  }
}
