import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, type OutputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeRegistry } from './change-registry.js';
import { RegistryRepository } from './registry-repository.js';
import { registryView } from './registry-view.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class RegistriesController {
  constructor(
    private readonly database: Database,
    private readonly registries: RegistryRepository,
    private readonly changes: ChangeRegistry,
  ) {}

  @Respond(reconciler.listRegistries)
  async list(
    _input: InputOf<typeof reconciler.listRegistries>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listRegistries>> {
    return { registries: (await this.registries.list(this.database.manager, tenant)).map(registryView) };
  }

  @Respond(reconciler.showRegistry)
  async show(
    { id }: InputOf<typeof reconciler.showRegistry>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.showRegistry>> {
    return registryView(await this.registries.get(this.database.manager, tenant, id));
  }

  @Respond(reconciler.createRegistry)
  create(input: InputOf<typeof reconciler.createRegistry>, call: Call) {
    return this.changes.create(input, callerOf(call));
  }

  @Respond(reconciler.updateRegistry)
  update(input: InputOf<typeof reconciler.updateRegistry>, call: Call) {
    return this.changes.update(input, callerOf(call));
  }

  @Respond(reconciler.deleteRegistry)
  delete(input: InputOf<typeof reconciler.deleteRegistry>, call: Call) {
    return this.changes.delete(input, callerOf(call));
  }
}
