import type { ExecutionContext } from '@nestjs/common';
import type { Operation, Role } from '@runos/api';
import type { Principal } from '@runos/contracts';
import type { Request } from 'express';

/** A request with the results of the steps before the handler. */
export interface GatewayRequest extends Request {
  /** The client's X-Request-Id if it is valid, else a new UUID. */
  requestId: string;
  /** Trace id of logs, spans and error responses. */
  traceId: string;
  /** Kept from Express, which would apply it to every ETag. */
  ifNoneMatch?: string | undefined;
  /** The raw body after decompression; undefined without a body. */
  body: Buffer | undefined;
  /** Set by the authentication guard. */
  operation?: Operation;
  /** Set by authentication; undefined for public operations. */
  user?: Principal;
  /** The caller's role in the account of the path; undefined without one. */
  role?: Role;
}

export const operationKey = 'runos:operation';

/** The operation that a handler was declared for. */
export function operationOf(context: ExecutionContext): Operation {
  const operation = Reflect.getMetadata(operationKey, context.getHandler()) as Operation | undefined;
  if (operation === undefined) throw new Error(`${context.getHandler().name} has no @Operation`);
  return operation;
}
