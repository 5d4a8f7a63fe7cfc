import { Controller } from '@nestjs/common';
import { identity, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { Accounts } from './accounts.js';

@Controller()
export class AccountsController {
  constructor(private readonly accounts: Accounts) {}

  @Respond(identity.createAccount)
  create({ email, name }: InputOf<typeof identity.createAccount>) {
    return this.accounts.create(email, name);
  }

  @Respond(identity.listMemberships)
  async memberships({ userId, aids }: InputOf<typeof identity.listMemberships>) {
    return { accounts: await this.accounts.memberships(userId, aids) };
  }
}
