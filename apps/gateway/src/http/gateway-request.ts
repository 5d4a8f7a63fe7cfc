import type { Operation, Role } from '@runos/api';
import type { Principal } from '@runos/contracts';
import type { Request } from 'express';

/** A request and what is known of it so far; each step of the way adds to it. */
export interface GatewayRequest extends Request {
  /** The client's own X-Request-Id if it sent a usable one. */
  requestId: string;
  /** Where logs and traces of this request are found; what errors name. */
  traceId: string;
  /** As it arrived, unpacked, not yet looked at; undefined when there was none. */
  body: Buffer | undefined;
  /** Set once the route is known. */
  operation?: Operation;
  /** Set by the authentication of operations that need one. */
  user?: Principal;
  /** The caller's role in the account of the path, if the path names one. */
  role?: Role;
}
