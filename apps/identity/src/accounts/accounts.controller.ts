import { Controller } from '@nestjs/common';
import { identity, type InputOf } from '@runos/contracts';
import { Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { AccountRepository } from './account-repository.js';
import { Accounts } from './accounts.js';

@Controller()
export class AccountsController {
  constructor(
    private readonly database: Database,
    private readonly accounts: Accounts,
    private readonly repository: AccountRepository,
  ) {}

  @Respond(identity.createAccount)
  create({ email, name }: InputOf<typeof identity.createAccount>) {
    return this.accounts.create(email, name);
  }

  @Respond(identity.listMemberships)
  async memberships({ userId, aids }: InputOf<typeof identity.listMemberships>) {
    return { accounts: await this.repository.listMemberships(this.database.manager, userId, aids) };
  }
}
