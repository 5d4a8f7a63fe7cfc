import { Controller } from '@nestjs/common';
import { configSets, type InputOf } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { ConfigSets } from './config-sets.js';

type Call = CallContext<'tenant'>;

@Controller()
export class ConfigSetsController {
  constructor(private readonly sets: ConfigSets) {}

  @Respond(configSets.listConfigSets)
  async list(_input: InputOf<typeof configSets.listConfigSets>, { tenant }: Call) {
    return { configSets: await this.sets.list(tenant) };
  }

  @Respond(configSets.createConfigSet)
  create({ set, idempotency }: InputOf<typeof configSets.createConfigSet>, { tenant }: Call) {
    return this.sets.create(tenant, set, idempotency);
  }

  @Respond(configSets.showConfigSet)
  show({ setId }: InputOf<typeof configSets.showConfigSet>, { tenant }: Call) {
    return this.sets.show(tenant, setId);
  }

  @Respond(configSets.updateConfigSet)
  update({ setId, values, idempotency }: InputOf<typeof configSets.updateConfigSet>, { tenant }: Call) {
    return this.sets.update(tenant, setId, values, idempotency);
  }

  @Respond(configSets.deleteConfigSet)
  delete({ setId }: InputOf<typeof configSets.deleteConfigSet>, { tenant }: Call) {
    return this.sets.delete(tenant, setId);
  }

  @Respond(configSets.listConfigSetVersions)
  async versions({ setId }: InputOf<typeof configSets.listConfigSetVersions>, { tenant }: Call) {
    return { versions: await this.sets.versions(tenant, setId) };
  }

  @Respond(configSets.resolveConfigSet)
  resolve({ setId, type, version }: InputOf<typeof configSets.resolveConfigSet>, { tenant }: Call) {
    return this.sets.resolve(tenant, setId, type, version);
  }
}
