import { Controller } from '@nestjs/common';
import { listAccounts, type OperationInput } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class AccountsController {
  constructor(private readonly bus: Bus) {}

  @Operation(listAccounts)
  list(_: OperationInput<typeof listAccounts>, { principal: { userId, memberships } }: CallContext) {
    return this.bus.request(identity.listMemberships, { userId, aids: memberships.map(({ aid }) => aid) });
  }
}
