import type { FaultCode } from '@runos/kernel';
import type { Operation } from './operation.js';

/** Every code that an operation can answer: those that follow from its declaration, and its own `errors`. */
export function errorCodesOf({ access, params, method, versioned, errors }: Operation): FaultCode[] {
  const codes: FaultCode[] = ['request.invalid', 'request.too_large', 'limit.exceeded', 'unavailable', 'internal'];
  if (access !== 'public') codes.push('auth.invalid', 'auth.session_expired');
  if (access !== 'public' && access !== 'signed-in') codes.push('auth.forbidden');
  codes.push(...Object.values(params).map(({ notFound }) => notFound));
  if (method === 'POST') codes.push('conflict.idempotency');
  if (method !== 'GET' && versioned) codes.push('conflict.idempotency', 'conflict.stale', 'conflict.deleting');
  return [...new Set([...codes, ...errors])];
}
