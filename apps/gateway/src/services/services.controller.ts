import { Controller } from '@nestjs/common';
import {
  acceptService,
  createService,
  deleteService,
  listServiceEvents,
  listServices,
  listServicesOfType,
  type OperationInput,
  planServiceCreation,
  planServiceDeletion,
  planServiceUpdate,
  planServiceUpgrade,
  planUpgrade,
  restartService,
  showCredentials,
  showService,
  showServiceStatus,
  updateService,
  upgradeService,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from './instance-request.js';

@Controller()
export class ServicesController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(listServices)
  list({ params: { cid }, query }: OperationInput<typeof listServices>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstances, { cid, ...query }, account);
  }

  @Operation(listServicesOfType)
  listOfType({ params: { cid, type }, query }: OperationInput<typeof listServicesOfType>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstances, { cid, type, ...query }, account);
  }

  @PlannableOperation(createService, planServiceCreation)
  create({ params: { cid, type }, body }: OperationInput<typeof createService>, call: CallContext) {
    return this.writes.send(reconciler.createInstance, { cid, type, fields: body }, call);
  }

  @Operation(showService)
  show({ params }: OperationInput<typeof showService>, { account }: CallContext) {
    return this.bus.request(reconciler.showInstance, oneOf(params), account);
  }

  @PlannableOperation(updateService, planServiceUpdate)
  update({ params, query, body }: OperationInput<typeof updateService>, call: CallContext) {
    return this.writes.send(reconciler.updateInstance, { ...oneOf(params), fields: body, ...forced(query) }, call);
  }

  @PlannableOperation(deleteService, planServiceDeletion)
  delete({ params }: OperationInput<typeof deleteService>, call: CallContext) {
    return this.writes.send(reconciler.deleteInstance, oneOf(params), call);
  }

  @Operation(restartService)
  restart({ params, query }: OperationInput<typeof restartService>, { account, write }: CallContext) {
    return this.bus.request(reconciler.restartInstance, { ...oneOf(params), ...forced(query), ...write }, account);
  }

  @Operation(planUpgrade)
  planUpgrade({ params, query }: OperationInput<typeof planUpgrade>, { account }: CallContext) {
    return this.bus.request(reconciler.planInstanceUpgrade, { ...oneOf(params), ...query }, account);
  }

  @PlannableOperation(upgradeService, planServiceUpgrade)
  upgrade({ params, query, body }: OperationInput<typeof upgradeService>, call: CallContext) {
    return this.writes.send(reconciler.upgradeInstance, { ...oneOf(params), ...body, ...forced(query) }, call);
  }

  @Operation(acceptService)
  accept({ params, query, body }: OperationInput<typeof acceptService>, { account, write }: CallContext) {
    return this.bus.request(
      reconciler.acceptInstance,
      { ...oneOf(params), ...body, ...forced(query), ...write },
      account,
    );
  }

  @Operation(showServiceStatus)
  status({ params }: OperationInput<typeof showServiceStatus>, { account }: CallContext) {
    return this.bus.request(reconciler.showInstanceStatus, oneOf(params), account);
  }

  @Operation(showCredentials)
  credentials({ params }: OperationInput<typeof showCredentials>, { account }: CallContext) {
    return this.bus.request(reconciler.showInstanceCredentials, oneOf(params), account);
  }

  @Operation(listServiceEvents)
  events({ params, query }: OperationInput<typeof listServiceEvents>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstanceEvents, { ...oneOf(params), ...query }, account);
  }
}
