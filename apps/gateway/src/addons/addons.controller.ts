import { Controller } from '@nestjs/common';
import { installAddon, listAddons, type OperationInput, removeAddon } from '@runos/api';
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

  @Operation(installAddon)
  install({ params: { cid, name } }: OperationInput<typeof installAddon>, { account, write }: CallContext) {
    return this.bus.request(reconciler.installAddon, { cid, name, ...write }, account);
  }

  @Operation(removeAddon)
  remove({ params: { cid, name } }: OperationInput<typeof removeAddon>, { account, write }: CallContext) {
    return this.bus.request(reconciler.removeAddon, { cid, name, ...write }, account);
  }
}
