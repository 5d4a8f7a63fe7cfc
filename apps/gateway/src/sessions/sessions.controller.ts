import { Controller } from '@nestjs/common';
import { logIn, logOut, type OperationInput } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import { FailedAuthentications } from '../access/failed-authentications.js';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class SessionsController {
  constructor(
    private readonly bus: Bus,
    private readonly failures: FailedAuthentications,
  ) {}

  @Operation(logIn)
  logIn({ body }: OperationInput<typeof logIn>, { network }: CallContext) {
    const request = () => this.bus.request(identity.logIn, { ...body, address: network });
    return this.failures.attempt('password', network, request);
  }

  @Operation(logOut)
  logOut(_: OperationInput<typeof logOut>, { principal }: CallContext) {
    return this.bus.request(identity.logOut, { keyId: principal.keyId });
  }
}
