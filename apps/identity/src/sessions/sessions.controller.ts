import { Controller } from '@nestjs/common';
import { identity, type InputOf } from '@runos/contracts';
import { Answers } from '@runos/messaging';
import { Authentication } from '../tokens/authentication.js';
import { Sessions } from './sessions.js';

@Controller()
export class SessionsController {
  constructor(
    private readonly authentication: Authentication,
    private readonly sessions: Sessions,
  ) {}

  @Answers(identity.authenticate)
  authenticate({ token }: InputOf<typeof identity.authenticate>) {
    return this.authentication.authenticate(token);
  }

  @Answers(identity.logIn)
  logIn({ email, password, address }: InputOf<typeof identity.logIn>) {
    return this.sessions.logIn(email, password, address);
  }

  @Answers(identity.logOut)
  async logOut({ keyId }: InputOf<typeof identity.logOut>) {
    return { loggedOut: await this.sessions.logOut(keyId) };
  }
}
