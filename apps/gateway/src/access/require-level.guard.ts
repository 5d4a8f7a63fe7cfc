import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Level, type Role, roleAllows, roles } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { GatewayRequest } from '../http/gateway-request.js';
import { operationOf } from '../operation/operation-of.js';

/**
 * The caller's role allows what the operation declares: in the account of the path, or else in at least one of the
 * caller's accounts; there the handler looks again once it knows which account the thing belongs to.
 */
@Injectable()
export class RequireLevel implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { access } = operationOf(context);
    if (access === 'public' || access === 'signed-in') return true;
    const { role, user } = context.switchToHttp().getRequest<GatewayRequest>();
    const held = role === undefined ? (user?.memberships ?? []).map((membership) => membership.role) : [role];
    if (!held.some((one) => roleAllows(one, access))) throw forbidden(held, access);
    return true;
  }
}

export const forbidden = (held: readonly Role[], level: Level): Fault =>
  new Fault(
    'auth.forbidden',
    `This needs the role ${roles.filter((role) => roleAllows(role, level)).join(' or ')}; you are ${held.join(', ') || 'a member of no account'}.`,
    { level, role: held[0] },
  );
