import { Controller } from '@nestjs/common';
import { listAddons, type OperationInput } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class AddonsController {
  constructor(private readonly bus: Bus) {}

  @Operation(listAddons)
  list({ params: { cid } }: OperationInput<typeof listAddons>, { account }: CallContext) {
    return this.bus.request(reconciler.listAddons, { cid }, account);
  }
}
