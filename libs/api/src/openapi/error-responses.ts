import { type FaultCode, faultStatus } from '@runos/kernel';
import type { Operation } from '../operation.js';

/** The body of every answer from 400 on. */
export const errorSchema = {
  type: 'object',
  required: ['error', 'code', 'traceId'],
  properties: {
    error: { type: 'string', description: 'What was wrong, with which value, and what to do.' },
    code: { type: 'string', enum: Object.keys(faultStatus), description: 'Stable; never changes its meaning.' },
    traceId: { type: 'string', description: 'Where the logs of this request are found.' },
    issues: {
      type: 'array',
      description: 'Of request.invalid and its kin: everything that is wrong.',
      items: {
        type: 'object',
        required: ['path', 'message'],
        properties: { path: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const examples: Readonly<Partial<Record<FaultCode, object>>> = {
  'request.invalid': { issues: [{ path: 'replicas', message: 'Invalid input: expected number, received string' }] },
  'auth.invalid': { error: 'Invalid token', reason: 'revoked', revokedAt: '2030-02-11T09:30:00.000Z' },
  'limit.exceeded': { limit: 'writesPerMinute', value: 600, retryAfterSeconds: 12 },
  'conflict.stale': { generation: 8 },
};

const sentences: Readonly<Partial<Record<FaultCode, string>>> = {
  'request.invalid': 'replicas: Invalid input: expected number, received string.',
  'auth.forbidden': 'This needs the role member or admin or owner; you are viewer.',
  'limit.exceeded': 'More than 600 writes in a minute; try again in 12 s.',
  'request.too_large': 'The body is larger than 1048576 bytes; send less at once.',
  'conflict.stale': 'Generation 7 was expected, but it is 8 now.',
  unavailable: 'reconciler did not answer in time; try again shortly.',
  internal: 'Something went wrong on our side.',
};

/** The codes an operation may answer with, as far as its declaration tells. */
function codesOf({ access, params, method, versioned }: Operation): FaultCode[] {
  const codes: FaultCode[] = ['request.invalid', 'request.too_large', 'limit.exceeded', 'unavailable', 'internal'];
  if (access !== 'public') codes.push('auth.invalid');
  if (access !== 'public' && access !== 'signed-in') codes.push('auth.forbidden');
  codes.push(...new Set(Object.values(params).map(({ notFound }) => notFound)));
  if (method === 'POST') codes.push('conflict.idempotency');
  if (method !== 'GET' && versioned) codes.push('conflict.stale', 'conflict.deleting');
  return codes;
}

const nounOf = (code: FaultCode): string => code.split('.')[0];

const exampleOf = (code: FaultCode) => ({
  value: {
    error: sentences[code] ?? (code.endsWith('.not_found') ? `The ${nounOf(code)} does not exist.` : code),
    ...examples[code],
    code,
    traceId: '7f6c1e0d4b2a4f0f9c3d5e7a8b9c0d1e',
  },
});

/** `{404: {description, content}, …}`: one entry per status with an example per code. */
export function errorResponsesOf(operation: Operation): Record<string, object> {
  const byStatus = new Map<number, FaultCode[]>();
  for (const code of codesOf(operation)) {
    const status = faultStatus[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [status, responseOf(status, codes)]),
  );
}

const responseOf = (status: number, codes: readonly FaultCode[]) => ({
  description: codes.join(', '),
  ...(status === 429 || status === 503
    ? { headers: { 'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } } } }
    : {}),
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/Error' },
      examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code)])),
    },
  },
});
