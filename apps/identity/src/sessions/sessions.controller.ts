import { Controller } from '@nestjs/common';
import { identity } from '@runos/contracts';
import { Answers } from '@runos/messaging';
import type { z } from 'zod';
import { Authentication } from '../tokens/authentication.js';
import { Sessions } from './sessions.js';

type Input<C extends { input: z.ZodType }> = z.output<C['input']>;

@Controller()
export class SessionsController {
  constructor(
    private readonly authentication: Authentication,
    private readonly sessions: Sessions,
  ) {}

  @Answers(identity.authenticate)
  authenticate({ token }: Input<typeof identity.authenticate>) {
    return this.authentication.authenticate(token);
  }

  @Answers(identity.logIn)
  logIn({ email, password, address }: Input<typeof identity.logIn>) {
    return this.sessions.logIn(email, password, address);
  }

  @Answers(identity.logOut)
  async logOut({ keyId }: Input<typeof identity.logOut>) {
    return { loggedOut: await this.sessions.logOut(keyId) };
  }
}
