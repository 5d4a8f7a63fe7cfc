import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import type { Principal } from '@runos/contracts';
import { invalidToken } from '@runos/kernel';
import { nameSpan } from '@runos/observability';
import { clientNetwork, parseToken, type TokenKind } from '@runos/security';
import { Strategy } from 'passport-http-bearer';
import { type GatewayRequest, operationOf } from '../http/gateway-request.js';
import { PrincipalCache } from './principal-cache.js';

/** Session tokens and personal access tokens. Notify keys and registration tokens are not accepted here. */
const kinds: readonly (TokenKind | undefined)[] = ['pat', 'ses'];

/** `Authorization: Bearer <token>`. A malformed token is refused without a request to identity. */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  constructor(private readonly principals: PrincipalCache) {
    super({ passReqToCallback: true });
  }

  /** @throws Fault `auth.invalid`, `auth.session_expired`; `limit.exceeded` after too many failures of the network */
  async validate({ ip }: GatewayRequest, token: string): Promise<Principal> {
    if (!kinds.includes(parseToken(token)?.kind)) throw invalidToken();
    return this.principals.authenticate(token, clientNetwork(ip));
  }
}

/** The first guard: every operation needs a valid token unless it is declared public. */
@Injectable()
export class AuthenticationGuard extends AuthGuard('bearer') {
  override canActivate(context: ExecutionContext) {
    const operation = operationOf(context);
    const { method, path, access } = operation;
    context.switchToHttp().getRequest<GatewayRequest>().operation = operation;
    nameSpan(`${method} ${path}`, { 'http.route': path });
    return access === 'public' ? true : super.canActivate(context);
  }

  override handleRequest<User>(error: unknown, principal: User | false | undefined): User {
    if (error) throw error;
    if (!principal) throw invalidToken();
    return principal;
  }
}
