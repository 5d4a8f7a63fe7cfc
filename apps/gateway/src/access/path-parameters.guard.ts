import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { GatewayRequest } from '../http/gateway-request.js';
import { notFound } from '../operation/not-found.js';
import { operationOf } from '../operation/operation-of.js';

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
