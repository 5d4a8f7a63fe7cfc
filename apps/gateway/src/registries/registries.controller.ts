import { Controller } from '@nestjs/common';
import {
  createRegistry,
  deleteRegistry,
  listRegistries,
  type OperationInput,
  showRegistry,
  updateRegistry,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

/** The pull credentials of an account. */
@Controller()
export class RegistriesController {
  constructor(private readonly bus: Bus) {}

  @Operation(listRegistries)
  list(_input: OperationInput<typeof listRegistries>, { account }: CallContext) {
    return this.bus.request(reconciler.listRegistries, {}, account);
  }

  @Operation(showRegistry)
  show({ params: { id } }: OperationInput<typeof showRegistry>, { account }: CallContext) {
    return this.bus.request(reconciler.showRegistry, { id }, account);
  }

  @Operation(createRegistry)
  create({ body }: OperationInput<typeof createRegistry>, { account, write: { idempotency } }: CallContext) {
    return this.bus.request(reconciler.createRegistry, { ...body, idempotency }, account);
  }

  @Operation(updateRegistry)
  update(
    { params: { id }, body: change }: OperationInput<typeof updateRegistry>,
    { account, write: { idempotency } }: CallContext,
  ) {
    return this.bus.request(reconciler.updateRegistry, { id, change, idempotency }, account);
  }

  @Operation(deleteRegistry)
  delete({ params: { id } }: OperationInput<typeof deleteRegistry>, { account, write: { idempotency } }: CallContext) {
    return this.bus.request(reconciler.deleteRegistry, { id, idempotency }, account);
  }
}
