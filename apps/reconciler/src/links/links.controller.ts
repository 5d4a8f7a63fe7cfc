import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, type OutputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Osid } from '@runos/osid';
import { Database } from '@runos/persistence';
import { app } from '@runos/service-types';
import { DependentRepository, type LinkedRow } from '../instances/dependent-repository.js';
import { InstanceRepository } from '../instances/instance-repository.js';
import { acceptedAppSpec } from '../revisions/desired-spec.js';
import { versioned } from '../schema/instance-row.js';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';

type Call = CallContext<'tenant'>;

/** Which instances require which. */
@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class LinksController {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly dependents: DependentRepository,
  ) {}

  @Respond(reconciler.showLinks)
  async show(
    { cid, id }: InputOf<typeof reconciler.showLinks>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.showLinks>> {
    const instance = await this.instances.get(this.database.manager, tenant, { cid, type: app.type, id });
    const { requires, links } = acceptedAppSpec(instance);
    const shown = Object.entries(requires).map(([alias, osid]) => {
      const { id: required = '', type = '' } = Osid.parse(osid) ?? {};
      return [alias, { id: required, type, config: {}, env: { ...links[alias] } }] as const;
    });
    return versioned(instance, Object.fromEntries(shown));
  }

  @Respond(reconciler.listDependencies)
  async listDependencies(
    input: InputOf<typeof reconciler.listDependencies>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listDependencies>> {
    const sql = this.database.manager;
    const { id } = await this.instances.get(sql, tenant, input);
    return { dependencies: (await this.dependents.requiredBy(sql, id)).map(viewOf) };
  }

  @Respond(reconciler.listDependents)
  async listDependents(
    input: InputOf<typeof reconciler.listDependents>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listDependents>> {
    const sql = this.database.manager;
    const { id } = await this.instances.get(sql, tenant, input);
    return { dependents: (await this.dependents.thatRequire(sql, id)).map(viewOf) };
  }
}

const viewOf = ({ type, iid, osid, name }: LinkedRow) => ({ type, id: iid, osid, name });
