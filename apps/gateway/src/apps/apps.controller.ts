import { Controller } from '@nestjs/common';
import {
  appType,
  createApp,
  deleteApp,
  listAppArchives,
  listAppEvents,
  listApps,
  type OperationInput,
  restartApp,
  showApp,
  showAppStatus,
  updateApp,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { oneOf } from '../services/instance-request.js';

@Controller()
export class AppsController {
  constructor(private readonly bus: Bus) {}

  @Operation(listApps)
  list({ params: { cid }, query }: OperationInput<typeof listApps>, { account }: CallContext) {
    return this.bus.request(reconciler.listApps, { cid, ...query }, account);
  }

  @Operation(createApp)
  create({ params: { cid }, body }: OperationInput<typeof createApp>, { account, write }: CallContext) {
    return this.bus.request(reconciler.createInstance, { cid, type: appType, fields: body, ...write }, account);
  }

  @Operation(showApp)
  show({ params: { cid, id } }: OperationInput<typeof showApp>, { account }: CallContext) {
    return this.bus.request(reconciler.showApp, { cid, id }, account);
  }

  @Operation(updateApp)
  update({ params, query, body }: OperationInput<typeof updateApp>, { account, write }: CallContext) {
    const clearsAbsent = query.merge !== 'true';
    const input = { ...oneOf(params), fields: body, clearsAbsent, ...write };
    return this.bus.request(reconciler.updateInstance, input, account);
  }

  @Operation(deleteApp)
  delete({ params }: OperationInput<typeof deleteApp>, { account, write }: CallContext) {
    return this.bus.request(reconciler.deleteInstance, { ...oneOf(params), ...write }, account);
  }

  @Operation(restartApp)
  restart({ params }: OperationInput<typeof restartApp>, { account, write }: CallContext) {
    return this.bus.request(reconciler.restartInstance, { ...oneOf(params), ...write }, account);
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
