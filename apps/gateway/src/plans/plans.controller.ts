import { Controller } from '@nestjs/common';
import {
  appType,
  type OperationInput,
  planAppCreation,
  planAppUpdate,
  planServiceCreation,
  planServiceUpdate,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';
import { forced, oneOf } from '../services/instance-request.js';

/** Plans of writes: the input of each write, without its idempotency key, because nothing is written. */
@Controller()
export class PlansController {
  constructor(private readonly bus: Bus) {}

  @Operation(planAppCreation)
  planAppCreation({ params: { cid }, body }: OperationInput<typeof planAppCreation>, { account }: CallContext) {
    return this.bus.request(reconciler.planInstanceCreation, { cid, type: appType, fields: body }, account);
  }

  @Operation(planAppUpdate)
  planAppUpdate({ params, query, body }: OperationInput<typeof planAppUpdate>, { account, write }: CallContext) {
    const { ifGeneration } = write;
    const clearsAbsent = query.merge !== 'true';
    const input = { ...oneOf(params), fields: body, clearsAbsent, ifGeneration };
    return this.bus.request(reconciler.planInstanceUpdate, input, account);
  }

  @Operation(planServiceCreation)
  planServiceCreation(
    { params: { cid, type }, body }: OperationInput<typeof planServiceCreation>,
    { account }: CallContext,
  ) {
    return this.bus.request(reconciler.planInstanceCreation, { cid, type, fields: body }, account);
  }

  @Operation(planServiceUpdate)
  planServiceUpdate(
    { params, query, body }: OperationInput<typeof planServiceUpdate>,
    { account, write }: CallContext,
  ) {
    const { ifGeneration } = write;
    const input = { ...oneOf(params), fields: body, ...forced(query), ifGeneration };
    return this.bus.request(reconciler.planInstanceUpdate, input, account);
  }
}
