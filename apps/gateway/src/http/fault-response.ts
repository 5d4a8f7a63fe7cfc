import { Fault, faultStatus } from '@runos/kernel';
import type { Response } from 'express';
import type { GatewayRequest } from './gateway-request.js';

/** Existing clients look for this text in a 401; `reason` holds the cause. */
const invalidToken = 'Invalid token';
/** Retry-After of a fault that names no delay, s. */
const defaultRetrySeconds = 2;

/** Sends a fault as `{error, code, traceId, …details}` with the HTTP status of its code. */
export function sendFault({ traceId }: GatewayRequest, response: Response, fault: Fault): void {
  const status = faultStatus[fault.code];
  if (status === 503 || status === 429) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(fault.details.retryAfterSeconds ?? defaultRetrySeconds))));
  }
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="runos"');
  const error = fault.code === 'auth.invalid' ? invalidToken : fault.message;
  const fixed = { error, code: fault.code, traceId };
  // First for readability, and again last so that no detail overrides them.
  response.status(status).json(Object.assign({ ...fixed }, fault.details, fixed));
}
