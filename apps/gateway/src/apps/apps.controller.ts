import { Controller } from '@nestjs/common';
import {
  acceptApp,
  appType,
  createApp,
  deleteApp,
  listAppArchives,
  listAppEvents,
  listApps,
  type OperationInput,
  planAppCreation,
  planAppDeletion,
  planAppUpdate,
  restartApp,
  showApp,
  showAppStatus,
  updateApp,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from '../services/instance-request.js';

@Controller()
export class AppsController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(listApps)
  list({ params: { cid }, query }: OperationInput<typeof listApps>, { account }: CallContext) {
    return this.bus.request(reconciler.listApps, { cid, ...query }, account);
  }

  @PlannableOperation(createApp, planAppCreation)
  create({ params: { cid }, body }: OperationInput<typeof createApp>, call: CallContext) {
    return this.writes.send(reconciler.createInstance, { cid, type: appType, fields: body }, call);
  }

  @Operation(showApp)
  show({ params: { cid, id } }: OperationInput<typeof showApp>, { account }: CallContext) {
    return this.bus.request(reconciler.showApp, { cid, id }, account);
  }

  @PlannableOperation(updateApp, planAppUpdate)
  update({ params, query, body }: OperationInput<typeof updateApp>, call: CallContext) {
    const clearsAbsent = query.merge !== 'true';
    return this.writes.send(reconciler.updateInstance, { ...oneOf(params), fields: body, clearsAbsent }, call);
  }

  @PlannableOperation(deleteApp, planAppDeletion)
  delete({ params }: OperationInput<typeof deleteApp>, call: CallContext) {
    return this.writes.send(reconciler.deleteInstance, oneOf(params), call);
  }

  @Operation(restartApp)
  restart({ params }: OperationInput<typeof restartApp>, { account, write }: CallContext) {
    return this.bus.request(reconciler.restartInstance, { ...oneOf(params), ...write }, account);
  }

  @Operation(acceptApp)
  accept({ params, query, body }: OperationInput<typeof acceptApp>, { account, write }: CallContext) {
    return this.bus.request(
      reconciler.acceptInstance,
      { ...oneOf(params), ...body, ...forced(query), ...write },
      account,
    );
  }

  @Operation(showAppStatus)
  status({ params }: OperationInput<typeof showAppStatus>, { account }: CallContext) {
    return this.bus.request(reconciler.showInstanceStatus, oneOf(params), account);
  }

  @Operation(listAppEvents)
  listEvents({ params, query }: OperationInput<typeof listAppEvents>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstanceEvents, { ...oneOf(params), ...query }, account);
  }

  /** An app that has no sources is still not that of another account. */
  @Operation(listAppArchives)
  async listArchives({ params: { cid, id } }: OperationInput<typeof listAppArchives>, { account }: CallContext) {
    const { id: appId, name: appName } = await this.bus.request(reconciler.showApp, { cid, id }, account);
    return { cid, appId, appName, archives: [] };
  }
}
