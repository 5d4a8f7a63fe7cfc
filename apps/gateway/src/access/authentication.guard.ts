import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { nameSpan } from '@runos/observability';
import type { GatewayRequest } from '../http/gateway-request.js';
import { operationOf } from '../operation/operation-of.js';
import { unknownToken } from './bearer.strategy.js';

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
    if (!principal) throw unknownToken();
    return principal;
  }
}
