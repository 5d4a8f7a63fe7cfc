import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Principal } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { parseToken, type TokenKind } from '@runos/security';
import { Strategy } from 'passport-http-bearer';
import { Principals } from './principals.js';

/** Sessions and personal access tokens; the tokens of Notify and of registration open nothing here. */
const kinds: readonly (TokenKind | undefined)[] = ['pat', 'ses'];

/** `Authorization: Bearer <token>`; what does not read like a token is refused without asking anybody. */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly principals: Principals) {
    super();
  }

  async validate(token: string): Promise<Principal> {
    if (!kinds.includes(parseToken(token)?.kind)) throw unknownToken();
    return this.principals.of(token);
  }
}

/** In the words every unknown token is refused with, whether it reads like one or not. */
export const unknownToken = (): Fault => new Fault('auth.invalid', 'Invalid token');
