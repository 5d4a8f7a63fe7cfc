import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, type OutputOf, reconciler } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { app } from '@runos/service-types';
import { AcceptDivergence } from '../divergence/accept-divergence.js';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeInstance } from './change-instance.js';
import { CreateInstance } from './create-instance.js';
import { EventRepository } from './event-repository.js';
import { type InstanceName, InstanceRepository, type ListedInstanceRow } from './instance-repository.js';
import { ShowCredentials } from './show-credentials.js';
import { InstanceReplicas } from './instance-replicas.js';
import { appView, instanceReason, instanceStatus, instanceView } from './instance-view.js';
import { pageOf, readCursor } from './page-cursor.js';
import { PlanUpgrade } from './plan-upgrade.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class InstancesController {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly creations: CreateInstance,
    private readonly changes: ChangeInstance,
    private readonly divergences: AcceptDivergence,
    private readonly upgrades: PlanUpgrade,
    private readonly events: EventRepository,
    private readonly credentials: ShowCredentials,
    private readonly replicas: InstanceReplicas,
  ) {}

  @Respond(reconciler.createInstance)
  create(input: InputOf<typeof reconciler.createInstance>, call: Call) {
    return this.creations.run(input, callerOf(call));
  }

  @Respond(reconciler.updateInstance)
  update(input: InputOf<typeof reconciler.updateInstance>, call: Call) {
    return this.changes.update(input, callerOf(call));
  }

  @Respond(reconciler.deleteInstance)
  delete(input: InputOf<typeof reconciler.deleteInstance>, call: Call) {
    return this.changes.delete(input, callerOf(call));
  }

  @Respond(reconciler.restartInstance)
  restart(input: InputOf<typeof reconciler.restartInstance>, call: Call) {
    return this.changes.restart(input, callerOf(call));
  }

  @Respond(reconciler.planInstanceUpgrade)
  planUpgrade(input: InputOf<typeof reconciler.planInstanceUpgrade>, { tenant }: Call) {
    return this.upgrades.run(input, tenant);
  }

  @Respond(reconciler.upgradeInstance)
  upgrade(input: InputOf<typeof reconciler.upgradeInstance>, call: Call) {
    return this.changes.upgrade(input, callerOf(call));
  }

  @Respond(reconciler.acceptInstance)
  accept(input: InputOf<typeof reconciler.acceptInstance>, call: Call) {
    return this.divergences.run(input, callerOf(call));
  }

  @Respond(reconciler.listInstances)
  async list(
    { cid, type, limit, cursor }: InputOf<typeof reconciler.listInstances>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listInstances>> {
    const page = { after: readCursor(cursor) ?? 0, limit: limit + 1 };
    const found = await this.instances.list(this.database.manager, tenant, cid, type ?? null, page);
    const { page: listed, nextCursor } = pageOf(found, limit);
    const services = listed.map(summaryOf);
    return { services, nextCursor };
  }

  @Respond(reconciler.showInstance)
  async show(name: InstanceName, { tenant }: Call) {
    return instanceView(await this.instances.get(this.database.manager, tenant, name));
  }

  @Respond(reconciler.listApps)
  async listApps(
    { cid, limit, cursor }: InputOf<typeof reconciler.listApps>,
    { tenant }: Call,
  ): Promise<OutputOf<typeof reconciler.listApps>> {
    const page = { after: readCursor(cursor) ?? 0, limit: limit + 1 };
    const found = await this.instances.list(this.database.manager, tenant, cid, app.type, page);
    const { page: listed, nextCursor } = pageOf(found, limit);
    const apps = listed.map((each) => ({ ...summaryOf(each), deployType: 'image' as const, port: each.port }));
    return { apps, nextCursor };
  }

  @Respond(reconciler.showApp)
  async showApp({ cid, id }: InputOf<typeof reconciler.showApp>, { tenant }: Call) {
    return appView(await this.instances.get(this.database.manager, tenant, { cid, type: app.type, id }));
  }

  @Respond(reconciler.showInstanceStatus)
  async status(name: InstanceName, { tenant }: Call): Promise<OutputOf<typeof reconciler.showInstanceStatus>> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    const { status: state, reason, message } = instanceStatus(instance);
    return { state, reason, message, replicas: this.replicas.of(instance) };
  }

  @Respond(reconciler.showInstanceCredentials)
  showCredentials(name: InstanceName, { tenant }: Call) {
    return this.credentials.run(name, tenant);
  }

  @Respond(reconciler.listInstanceEvents)
  listEvents(input: InputOf<typeof reconciler.listInstanceEvents>, { tenant }: Call) {
    return this.events.list(input, tenant);
  }
}

const summaryOf = (row: ListedInstanceRow) => ({
  id: row.iid,
  osid: row.osid,
  kind: row.kind,
  type: row.type,
  name: row.name,
  status: row.ready ? row.state : ('disconnected' as const),
  reason: row.ready ? instanceReason(row).reason : row.reason,
  resourceRequirementClassId: row.class_id,
  createdAt: row.created_at.toISOString(),
});
