import { Controller } from '@nestjs/common';
import { configSets, type InputOf } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import { ConfigSets } from './config-sets.js';

type Call = CallContext<'tenant'>;

@Controller()
export class ConfigSetsController {
  constructor(private readonly sets: ConfigSets) {}

  @Answers(configSets.listConfigSets)
  async list(_input: InputOf<typeof configSets.listConfigSets>, { tenant }: Call) {
    return { configSets: await this.sets.list(tenant) };
  }

  @Answers(configSets.createConfigSet)
  create({ set, idempotency }: InputOf<typeof configSets.createConfigSet>, { tenant }: Call) {
    return this.sets.create(tenant, set, idempotency);
  }

  @Answers(configSets.showConfigSet)
  show({ setId }: InputOf<typeof configSets.showConfigSet>, { tenant }: Call) {
    return this.sets.show(tenant, setId);
  }

  @Answers(configSets.updateConfigSet)
  update({ setId, values, idempotency }: InputOf<typeof configSets.updateConfigSet>, { tenant }: Call) {
    return this.sets.update(tenant, setId, values, idempotency);
  }

  @Answers(configSets.listConfigSetVersions)
  async versions({ setId }: InputOf<typeof configSets.listConfigSetVersions>, { tenant }: Call) {
    return { versions: await this.sets.versions(tenant, setId) };
  }

  @Answers(configSets.resolveConfigSet)
  resolve({ setId, type, version }: InputOf<typeof configSets.resolveConfigSet>, { tenant }: Call) {
    return this.sets.resolve(tenant, setId, type, version);
  }
}
