import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Answers } from '@runos/messaging';
import type { z } from 'zod';
import { Accounts } from './accounts.js';

type Input<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class AccountsController {
  constructor(private readonly accounts: Accounts) {}

  @Answers(identity.createAccount)
  create({ email, name }: Input<typeof identity.createAccount>) {
    return this.accounts.create(email, name);
  }

  @Answers(identity.listMemberships)
  async memberships({ userId, aids }: Input<typeof identity.listMemberships>) {
    return { accounts: await this.accounts.memberships(userId, aids) };
  }
}
