import { Fault, faultStatus } from '@runos/kernel';
import type { Response } from 'express';
import type { GatewayRequest } from './gateway-request.js';

/** What existing command lines look for in a 401; the reason stands beside it. */
const invalidToken = 'Invalid token';
/** Told to clients when the fault itself does not say when to try again. */
const defaultRetrySeconds = 2;

/** Answers a fault: `{error, code, traceId, …details}` with the status of its code. */
export function sendFault({ traceId }: GatewayRequest, response: Response, fault: Fault): void {
  const status = faultStatus[fault.code];
  if (status === 503 || status === 429) {
    response.set('Retry-After', String(Math.max(1, Math.ceil(fault.details.retryAfterSeconds ?? defaultRetrySeconds))));
  }
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="runos"');
  const error = fault.code === 'auth.invalid' ? invalidToken : fault.message;
  const always = { error, code: fault.code, traceId };
  // Named first for people who read it, and last so that no detail takes their place.
  response.status(status).json(Object.assign({ ...always }, fault.details, always));
}
