import { Controller } from '@nestjs/common';
import { identity, type InputOf } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Authentication } from '../tokens/authentication.js';
import { Sessions } from './sessions.js';

@Controller()
export class SessionsController {
  constructor(
    private readonly authentication: Authentication,
    private readonly sessions: Sessions,
  ) {}

  @Respond(identity.authenticate)
  authenticate({ token }: InputOf<typeof identity.authenticate>) {
    return this.authentication.authenticate(token);
  }

  @Respond(identity.checkCredential)
  check(credential: InputOf<typeof identity.checkCredential>, { tenant }: CallContext<'tenant'>) {
    return this.authentication.check(credential, tenant);
  }

  @Respond(identity.logIn)
  logIn({ email, password, address }: InputOf<typeof identity.logIn>) {
    return this.sessions.logIn(email, password, address);
  }

  @Respond(identity.logOut)
  async logOut({ keyId }: InputOf<typeof identity.logOut>) {
    return { loggedOut: await this.sessions.logOut(keyId) };
  }
}
