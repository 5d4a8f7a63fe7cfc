import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { ChangeConfiguration } from '../configuration/change-configuration.js';
import { ChangeEnvironment } from '../environment/change-environment.js';
import { ChangeInstance } from '../instances/change-instance.js';
import { ChangeOverrides } from '../overrides/change-overrides.js';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { RollBack } from '../revisions/roll-back.js';
import { callerOf } from '../writes/preconditions.js';
import { PlanWrites } from './plan-writes.js';

type Call = CallContext<'tenant'>;

/** Each plan runs its write, which stops before it stores anything. */
@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class PlansController {
  constructor(
    private readonly plans: PlanWrites,
    private readonly instances: ChangeInstance,
    private readonly environment: ChangeEnvironment,
    private readonly overrides: ChangeOverrides,
    private readonly configuration: ChangeConfiguration,
    private readonly rollbacks: RollBack,
  ) {}

  @Respond(reconciler.createInstance.plan)
  creation(input: InputOf<typeof reconciler.createInstance>, { tenant }: Call) {
    return this.plans.creation(input, tenant);
  }

  @Respond(reconciler.updateInstance.plan)
  update(input: InputOf<typeof reconciler.updateInstance>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.instances.update(input, caller));
  }

  @Respond(reconciler.deleteInstance.plan)
  deletion(input: InputOf<typeof reconciler.deleteInstance>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.instances.delete(input, caller));
  }

  @Respond(reconciler.upgradeInstance.plan)
  upgrade(input: InputOf<typeof reconciler.upgradeInstance>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.instances.upgrade(input, caller));
  }

  @Respond(reconciler.rollBackInstance.plan)
  rollback(input: InputOf<typeof reconciler.rollBackInstance>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.rollbacks.run(input, caller));
  }

  @Respond(reconciler.changeEnvironment.plan)
  environmentChange(input: InputOf<typeof reconciler.changeEnvironment>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.environment.run(input, caller));
  }

  @Respond(reconciler.createOverride.plan)
  overrideCreation(input: InputOf<typeof reconciler.createOverride>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.overrides.create(input, caller));
  }

  @Respond(reconciler.updateOverride.plan)
  overrideUpdate(input: InputOf<typeof reconciler.updateOverride>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.overrides.update(input, caller));
  }

  @Respond(reconciler.deleteOverride.plan)
  overrideDeletion(input: InputOf<typeof reconciler.deleteOverride>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.overrides.delete(input, caller));
  }

  @Respond(reconciler.setAdvancedConfig.plan)
  settings(input: InputOf<typeof reconciler.setAdvancedConfig>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.configuration.setValues(input, caller));
  }

  @Respond(reconciler.convertToCustomConfig.plan)
  conversion(input: InputOf<typeof reconciler.convertToCustomConfig>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.configuration.convert(input, caller));
  }

  @Respond(reconciler.upgradeConfigSet.plan)
  configSetUpgrade(input: InputOf<typeof reconciler.upgradeConfigSet>, call: Call) {
    return this.plans.ofWrite(callerOf(call), (caller) => this.configuration.upgradeSet(input, caller));
  }
}
