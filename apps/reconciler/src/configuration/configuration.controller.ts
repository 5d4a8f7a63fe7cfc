import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeConfiguration } from './change-configuration.js';
import { ConfigSetUseRepository } from './config-set-use-repository.js';

type Call = CallContext<'tenant'>;

/** The settings of instances, and the config sets that they use. */
@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class ConfigurationController {
  constructor(
    private readonly database: Database,
    private readonly changes: ChangeConfiguration,
    private readonly sets: ConfigSetUseRepository,
  ) {}

  @Respond(reconciler.setAdvancedConfig)
  setValues(input: InputOf<typeof reconciler.setAdvancedConfig>, call: Call) {
    return this.changes.setValues(input, callerOf(call));
  }

  @Respond(reconciler.convertToCustomConfig)
  convert(input: InputOf<typeof reconciler.convertToCustomConfig>, call: Call) {
    return this.changes.convert(input, callerOf(call));
  }

  @Respond(reconciler.upgradeConfigSet)
  upgradeSet(input: InputOf<typeof reconciler.upgradeConfigSet>, call: Call) {
    return this.changes.upgradeSet(input, callerOf(call));
  }

  @Respond(reconciler.releaseConfigSet)
  async release({ setId }: InputOf<typeof reconciler.releaseConfigSet>, { tenant }: Call) {
    await this.database.transaction((sql) => this.sets.release(sql, tenant, setId));
    return {};
  }
}
