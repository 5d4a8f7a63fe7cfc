import { Controller } from '@nestjs/common';
import { configSets } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import type { z } from 'zod';
import { ConfigSets } from './config-sets.js';

type Input<C extends { input: z.ZodType }> = z.output<C['input']>;
type Call = CallContext<'tenant'>;

@Controller()
export class ConfigSetsController {
  constructor(private readonly sets: ConfigSets) {}

  @Answers(configSets.listConfigSets)
  async list(_input: Input<typeof configSets.listConfigSets>, { tenant }: Call) {
    return { configSets: await this.sets.list(tenant) };
  }

  @Answers(configSets.createConfigSet)
  create({ set, idempotency }: Input<typeof configSets.createConfigSet>, { tenant }: Call) {
    return this.sets.create(tenant, set, idempotency);
  }

  @Answers(configSets.showConfigSet)
  show({ setId }: Input<typeof configSets.showConfigSet>, { tenant }: Call) {
    return this.sets.show(tenant, setId);
  }

  @Answers(configSets.updateConfigSet)
  update({ setId, values, idempotency }: Input<typeof configSets.updateConfigSet>, { tenant }: Call) {
    return this.sets.update(tenant, setId, values, idempotency);
  }

  @Answers(configSets.listConfigSetVersions)
  async versions({ setId }: Input<typeof configSets.listConfigSetVersions>, { tenant }: Call) {
    return { versions: await this.sets.versions(tenant, setId) };
  }

  @Answers(configSets.resolveConfigSet)
  resolve({ setId, type, version }: Input<typeof configSets.resolveConfigSet>, { tenant }: Call) {
    return this.sets.resolve(tenant, setId, type, version);
  }
}
