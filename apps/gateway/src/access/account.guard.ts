import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { GatewayRequest } from '../http/gateway-request.js';
import { notFound } from '../operation/not-found.js';
import { operationOf } from '../operation/operation-of.js';

/** The account in the path must be one of the caller's. Another account gets the response of one that does not exist. */
@Injectable()
export class AccountGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { params } = operationOf(context);
    if (params.aid === undefined) return true;
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const aid = String(request.params.aid);
    const membership = request.user?.memberships.find((each) => each.aid === aid);
    if (membership === undefined) throw notFound('account.not_found', aid, {});
    request.role = membership.role;
    return true;
  }
}
