import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Level, type Role, roleAllows, roles } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { GatewayRequest } from '../http/gateway-request.js';
import { operationOf } from '../operation/operation-of.js';

/**
 * The caller's role must allow the operation's level in the account of the path. Without an account in the path one of
 * the caller's accounts must allow it, and the handler checks again once it has read the account of the resource.
 */
@Injectable()
export class LevelGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { access } = operationOf(context);
    if (access === 'public' || access === 'signed-in') return true;
    const { role, user } = context.switchToHttp().getRequest<GatewayRequest>();
    const heldRoles = role === undefined ? (user?.memberships ?? []).map((membership) => membership.role) : [role];
    if (!heldRoles.some((held) => roleAllows(held, access))) throw forbidden(heldRoles, access);
    return true;
  }
}

export const forbidden = (held: readonly Role[], level: Level): Fault =>
  new Fault(
    'auth.forbidden',
    `This needs the role ${roles.filter((role) => roleAllows(role, level)).join(' or ')}; you are ${held.join(', ') || 'a member of no account'}.`,
    { level, role: held[0] },
  );
