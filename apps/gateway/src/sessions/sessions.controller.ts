import { Controller } from '@nestjs/common';
import { logIn, logOut, type OperationInput } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class SessionsController {
  constructor(private readonly bus: Bus) {}

  @Operation(logIn)
  logIn({ body }: OperationInput<typeof logIn>, { address }: CallContext) {
    return this.bus.request(identity.logIn, { ...body, address });
  }

  @Operation(logOut)
  logOut(_: OperationInput<typeof logOut>, { principal }: CallContext) {
    return this.bus.request(identity.logOut, { keyId: principal.keyId });
  }
}
