import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { GatewayRequest } from '../http/gateway-request.js';
import { notFound } from '../operation/not-found.js';
import { operationOf } from '../operation/operation-of.js';

/** An id of another shape names nothing. */
@Injectable()
export class CheckPath implements CanActivate {
  canActivate(context: ExecutionContext): true {
    const { params } = context.switchToHttp().getRequest<GatewayRequest>();
    for (const [name, { schema, notFound: code }] of Object.entries(operationOf(context).params)) {
      const value = String(params[name]);
      if (!schema.safeParse(value).success) throw notFound(code, value, params);
    }
    return true;
  }
}
