import { type FaultCode, faultStatus } from '@runos/kernel';
import { levels, roles } from '../access/access.js';
import { maxInt32 } from '../operation/fields.js';
import { errorCodesOf } from '../operation/error-codes.js';
import type { Operation } from '../operation/operation.js';
import { errorExample } from './error-examples.js';

const text = (description: string) => ({ type: 'string', description });
const moment = (description: string) => ({ type: 'string', format: 'date-time', description });
/** `unit` is part of the description. */
const wholeNumber = (description: string, unit: string, minimum: number, maximum: number) => ({
  type: 'integer',
  description,
  'x-unit': unit,
  minimum,
  maximum,
});

/** Properties beside `error`, `code` and `traceId`; each is present for the codes that its description names. */
const details = {
  issues: {
    type: 'array',
    description: 'request.invalid and other 400 codes: every issue of the input.',
    items: {
      type: 'object',
      required: ['path', 'message'],
      properties: {
        path: text('The field, in dots and brackets (`values.shared_buffers`), or the name of a header.'),
        message: text('What is wrong with it.'),
      },
    },
  },
  reason: text('auth.invalid: revoked or expired.'),
  revokedAt: moment('auth.invalid: when the token was revoked.'),
  expiredAt: moment('auth.invalid, auth.session_expired: when the token expired.'),
  level: { type: 'string', enum: levels, description: 'auth.forbidden: the level that the operation needs.' },
  role: { type: 'string', enum: roles, description: 'auth.forbidden: the role of the caller.' },
  generation: wholeNumber('conflict.stale: the current generation, a number of changes.', 'changes', 1, maxInt32),
  storedRevision: wholeNumber(
    'conflict.diverged: the revision that the cluster agent stores, a number of changes.',
    'changes',
    1,
    maxInt32,
  ),
  storedGeneration: wholeNumber(
    'conflict.diverged: the generation that the cluster agent stores, a number of changes, if it is known.',
    'changes',
    0,
    maxInt32,
  ),
  changedBy: text('conflict.stale: who made the current generation.'),
  instances: wholeNumber(
    'cluster.not_empty: number of instances in the cluster. service.in_use, configset.in_use: number of dependent instances.',
    'instances',
    1,
    maxInt32,
  ),
  osids: {
    type: 'array',
    items: { type: 'string' },
    description: 'cluster.not_empty, service.in_use, configset.in_use: OSIDs of some of them.',
  },
  dependents: {
    type: 'array',
    description: 'service.in_use, app.in_use: the links of the first instances that require this one.',
    items: {
      type: 'object',
      required: ['type', 'id', 'name', 'alias'],
      properties: {
        type: text('Type of the instance that requires this one, or `app`.'),
        id: text('Its id.'),
        name: text('Its name.'),
        alias: text('Alias of the link.'),
      },
    },
  },
  addons: {
    type: 'array',
    description: 'addon.missing: the add-ons that the cluster lacks.',
    items: {
      type: 'object',
      required: ['name', 'version', 'command'],
      properties: {
        name: text('Name of the add-on.'),
        version: text('The version that RunOS is tested with.'),
        command: text('Installs it.'),
      },
    },
  },
  upgradeId: { type: 'string', format: 'uuid', description: 'upgrade.running: the upgrade that runs.' },
  registryId: { type: 'string', format: 'uuid', description: 'registry.exists: the credentials that the host has.' },
  limit: text('limit.exceeded, request.too_large: name of the limit.'),
  value: wholeNumber(
    'limit.exceeded, request.too_large: value of the limit, a number of requests, streams, entries or bytes.',
    'requests, streams, entries or bytes',
    0,
    maxInt32,
  ),
  limitBytes: wholeNumber('request.too_large: largest rendered bundle in bytes.', 'bytes', 1, maxInt32),
  bytes: wholeNumber('request.too_large: size of the rendered bundle in bytes, if known.', 'bytes', 1, maxInt32),
  retryAfterSeconds: wholeNumber(
    'limit.exceeded, unavailable: seconds until a retry makes sense.',
    'seconds',
    0,
    86_400,
  ),
};

/** The body of every response from 400 on. */
export const errorSchema = {
  type: 'object',
  required: ['error', 'code', 'traceId'],
  properties: {
    error: text('What failed, on which value, and what to do.'),
    code: { type: 'string', enum: Object.keys(faultStatus), description: 'Stable; never changes its meaning.' },
    traceId: text('Id of the trace and of the log lines of this request.'),
    ...details,
  },
};

/** `{404: {description, content}, …}`: one entry per status with an example per code. */
export function errorResponsesOf(operation: Operation): Record<string, object> {
  const byStatus = new Map<number, FaultCode[]>();
  for (const code of errorCodesOf(operation)) {
    const status = faultStatus[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => [status, responseOf(status, codes)]),
  );
}

const retryAfter = {
  'Retry-After': { description: 'When to retry.', schema: wholeNumber('Delay in seconds.', 'seconds', 1, 86_400) },
};

const responseOf = (status: number, codes: readonly FaultCode[]) => ({
  description: codes.join(', '),
  ...(status === 429 || status === 503 ? { headers: retryAfter } : {}),
  content: {
    'application/json': {
      schema: { $ref: '#/components/schemas/Error' },
      examples: Object.fromEntries(codes.map((code) => [code, errorExample(code)])),
    },
  },
});
