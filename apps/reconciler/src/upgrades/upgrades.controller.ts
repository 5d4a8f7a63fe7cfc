import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, type OutputOf, reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { pageOf, readCursor } from '../instances/page-cursor.js';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeUpgradeWave } from './change-upgrade-wave.js';
import { PlanUpgradeWave } from './plan-upgrade-wave.js';
import { UpgradeWaveRepository } from './upgrade-wave-repository.js';
import { waveInstanceView, waveView } from './upgrade-wave-view.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class UpgradesController {
  constructor(
    private readonly database: Database,
    private readonly waves: UpgradeWaveRepository,
    private readonly plans: PlanUpgradeWave,
    private readonly changes: ChangeUpgradeWave,
  ) {}

  @Respond(reconciler.planUpgradeWave)
  plan(input: InputOf<typeof reconciler.planUpgradeWave>, { tenant }: Call) {
    return this.plans.run(input, tenant);
  }

  @Respond(reconciler.createUpgradeWave)
  create(input: InputOf<typeof reconciler.createUpgradeWave>, call: Call) {
    return this.changes.create(input, callerOf(call));
  }

  @Respond(reconciler.listUpgradeWaves)
  async list(
    { limit, cursor }: InputOf<typeof reconciler.listUpgradeWaves>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listUpgradeWaves>> {
    const listed = { after: readCursor(cursor) ?? Number.MAX_SAFE_INTEGER, limit: limit + 1 };
    const { page, nextCursor } = pageOf(await this.waves.list(this.database.manager, tenant, listed), limit);
    return { upgrades: page.map(waveView), nextCursor };
  }

  @Respond(reconciler.showUpgradeWave)
  async show(
    { id, limit, cursor }: InputOf<typeof reconciler.showUpgradeWave>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.showUpgradeWave>> {
    const sql = this.database.manager;
    const wave = await this.waves.get(sql, tenant, id);
    const listed = { after: readCursor(cursor) ?? 0, limit: limit + 1 };
    const { page, nextCursor } = pageOf(await this.waves.listInstances(sql, wave.id, listed), limit);
    return { ...waveView(wave), instances: page.map((row) => waveInstanceView(wave, row)), nextCursor };
  }

  @Respond(reconciler.cancelUpgradeWave)
  cancel(input: InputOf<typeof reconciler.cancelUpgradeWave>, call: Call) {
    return this.changes.cancel(input, callerOf(call));
  }

  @Respond(reconciler.resumeUpgradeWave)
  resume(input: InputOf<typeof reconciler.resumeUpgradeWave>, call: Call) {
    return this.changes.resume(input, callerOf(call));
  }
}
