import { Controller } from '@nestjs/common';
import {
  createAppOverride,
  createServiceOverride,
  deleteAppOverride,
  deleteServiceOverride,
  listAppOverrides,
  listServiceOverrides,
  type OperationInput,
  planAppOverrideCreation,
  planAppOverrideDeletion,
  planAppOverrideUpdate,
  planServiceOverrideCreation,
  planServiceOverrideDeletion,
  planServiceOverrideUpdate,
  updateAppOverride,
  updateServiceOverride,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { VersionedBody } from '../operation/versioned-body.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from '../services/instance-request.js';

/** The overrides of apps and services. */
@Controller()
export class OverridesController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(listAppOverrides)
  listApp({ params }: OperationInput<typeof listAppOverrides>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.listOverrides, oneOf(params), account));
  }

  @PlannableOperation(createAppOverride, planAppOverrideCreation)
  createApp({ params, body: file }: OperationInput<typeof createAppOverride>, call: CallContext) {
    return this.writes.send(reconciler.createOverride, { ...oneOf(params), file }, call);
  }

  @PlannableOperation(updateAppOverride, planAppOverrideUpdate)
  updateApp({ params, body: file }: OperationInput<typeof updateAppOverride>, call: CallContext) {
    const { overrideId } = params;
    return this.writes.send(reconciler.updateOverride, { ...oneOf(params), overrideId, file }, call);
  }

  @PlannableOperation(deleteAppOverride, planAppOverrideDeletion)
  deleteApp({ params }: OperationInput<typeof deleteAppOverride>, call: CallContext) {
    const { overrideId } = params;
    return this.writes.send(reconciler.deleteOverride, { ...oneOf(params), overrideId }, call);
  }

  @Operation(listServiceOverrides)
  listService({ params }: OperationInput<typeof listServiceOverrides>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.listOverrides, oneOf(params), account));
  }

  @PlannableOperation(createServiceOverride, planServiceOverrideCreation)
  createService({ params, query, body: file }: OperationInput<typeof createServiceOverride>, call: CallContext) {
    return this.writes.send(reconciler.createOverride, { ...oneOf(params), file, ...forced(query) }, call);
  }

  @PlannableOperation(updateServiceOverride, planServiceOverrideUpdate)
  updateService({ params, query, body: file }: OperationInput<typeof updateServiceOverride>, call: CallContext) {
    const { overrideId } = params;
    const input = { ...oneOf(params), overrideId, file, ...forced(query) };
    return this.writes.send(reconciler.updateOverride, input, call);
  }

  @PlannableOperation(deleteServiceOverride, planServiceOverrideDeletion)
  deleteService({ params, query }: OperationInput<typeof deleteServiceOverride>, call: CallContext) {
    const { overrideId } = params;
    return this.writes.send(reconciler.deleteOverride, { ...oneOf(params), overrideId, ...forced(query) }, call);
  }
}
