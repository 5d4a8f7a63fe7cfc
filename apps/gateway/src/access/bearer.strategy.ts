import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Principal } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { parseToken, type TokenKind } from '@runos/security';
import { Strategy } from 'passport-http-bearer';
import { PrincipalCache } from './principal-cache.js';

/** Session tokens and personal access tokens. Notify keys and registration tokens are not accepted here. */
const kinds: readonly (TokenKind | undefined)[] = ['pat', 'ses'];

/** `Authorization: Bearer <token>`. A malformed token is refused without a request to identity. */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly principals: PrincipalCache) {
    super();
  }

  async validate(token: string): Promise<Principal> {
    if (!kinds.includes(parseToken(token)?.kind)) throw unknownToken();
    return this.principals.authenticate(token);
  }
}

/** The same message for malformed and for unknown tokens. Existing clients compare it. */
export const unknownToken = (): Fault => new Fault('auth.invalid', 'Invalid token');
