import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Level, type Role, roleAllows, roles } from '@runos/api';
import { Fault, type FaultCode } from '@runos/kernel';
import { type GatewayRequest, operationOf } from '../http/gateway-request.js';

/**
 * The account in the path must be one of the caller's. Another account gets the response of one that does not exist, which
 * is 403 where the path parameter of the operation has that code.
 */
@Injectable()
export class AccountGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { params } = operationOf(context);
    if (params.aid === undefined) return true;
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const aid = String(request.params.aid);
    const membership = request.user?.memberships.find((each) => each.aid === aid);
    if (membership === undefined) throw foreignAccount(params.aid.notFound, aid);
    request.role = membership.role;
    return true;
  }
}

/** A path parameter with an invalid form gets the response of a resource that does not exist. */
@Injectable()
export class PathParametersGuard implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { params } = context.switchToHttp().getRequest<GatewayRequest>();
    for (const [name, { schema, notFound: code }] of Object.entries(operationOf(context).params)) {
      const value = String(params[name]);
      if (!schema.safeParse(value).success) throw notFound(code, value, params);
    }
    return true;
  }
}

/** Longer values are truncated in messages. */
const maxShownLength = 64;

/** The same for an account that is not the caller's and for one that does not exist. */
function foreignAccount(code: FaultCode, aid: string): Fault {
  if (code !== 'auth.forbidden') return notFound(code, aid, {});
  const shown = aid.slice(0, maxShownLength);
  return new Fault(code, `Your token is not of account '${shown}'. Log in to it, or correct the account id.`);
}

/** The fault for a path parameter without a resource: the same message for missing and for foreign resources. */
function notFound(code: FaultCode, value: string, path: Readonly<Record<string, unknown>>): Fault {
  const noun = code.slice(0, code.indexOf('.'));
  const name = `${noun.charAt(0).toUpperCase()}${noun.slice(1)} '${value.slice(0, maxShownLength)}'`;
  const where = code === 'cluster.not_found' && path.aid !== undefined ? ` in account '${String(path.aid)}'` : '';
  return new Fault(code, `${name} not found${where}.`);
}

/**
 * The caller's role must allow the operation's level in the account of the path. Without an account in the path one of
 * the caller's accounts must allow it. The handler checks again once it has read the account of the resource.
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
