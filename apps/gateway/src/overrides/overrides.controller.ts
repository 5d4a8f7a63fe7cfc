import { Controller } from '@nestjs/common';
import {
  createAppOverride,
  createServiceOverride,
  deleteAppOverride,
  deleteServiceOverride,
  listAppOverrides,
  listServiceOverrides,
  type OperationInput,
  updateAppOverride,
  updateServiceOverride,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { VersionedBody } from '../operation/versioned-body.js';
import { forced, oneOf } from '../services/instance-request.js';

/** The overrides of apps and services. */
@Controller()
export class OverridesController {
  constructor(private readonly bus: Bus) {}

  @Operation(listAppOverrides)
  listApp({ params }: OperationInput<typeof listAppOverrides>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.listOverrides, oneOf(params), account));
  }

  @Operation(createAppOverride)
  createApp({ params, body: file }: OperationInput<typeof createAppOverride>, { account, write }: CallContext) {
    return this.bus.request(reconciler.createOverride, { ...oneOf(params), file, ...write }, account);
  }

  @Operation(updateAppOverride)
  updateApp({ params, body: file }: OperationInput<typeof updateAppOverride>, { account, write }: CallContext) {
    const { overrideId } = params;
    return this.bus.request(reconciler.updateOverride, { ...oneOf(params), overrideId, file, ...write }, account);
  }

  @Operation(deleteAppOverride)
  deleteApp({ params }: OperationInput<typeof deleteAppOverride>, { account, write }: CallContext) {
    const { overrideId } = params;
    return this.bus.request(reconciler.deleteOverride, { ...oneOf(params), overrideId, ...write }, account);
  }

  @Operation(listServiceOverrides)
  listService({ params }: OperationInput<typeof listServiceOverrides>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.listOverrides, oneOf(params), account));
  }

  @Operation(createServiceOverride)
  createService(
    { params, query, body: file }: OperationInput<typeof createServiceOverride>,
    { account, write }: CallContext,
  ) {
    return this.bus.request(reconciler.createOverride, { ...oneOf(params), file, ...forced(query), ...write }, account);
  }

  @Operation(updateServiceOverride)
  updateService(
    { params, query, body: file }: OperationInput<typeof updateServiceOverride>,
    { account, write }: CallContext,
  ) {
    const { overrideId } = params;
    return this.bus.request(
      reconciler.updateOverride,
      { ...oneOf(params), overrideId, file, ...forced(query), ...write },
      account,
    );
  }

  @Operation(deleteServiceOverride)
  deleteService({ params, query }: OperationInput<typeof deleteServiceOverride>, { account, write }: CallContext) {
    const { overrideId } = params;
    return this.bus.request(
      reconciler.deleteOverride,
      { ...oneOf(params), overrideId, ...forced(query), ...write },
      account,
    );
  }
}
