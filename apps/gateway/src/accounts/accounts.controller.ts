import { Controller } from '@nestjs/common';
import { listAccounts, type OperationInput } from '@runos/api';
import { identity } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { Call } from '../operation/call.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class AccountsController {
  constructor(private readonly bus: Bus) {}

  @Operation(listAccounts)
  list(_: OperationInput<typeof listAccounts>, { principal: { userId, memberships } }: Call) {
    return this.bus.request(identity.listMemberships, { userId, aids: memberships.map(({ aid }) => aid) });
  }
}
