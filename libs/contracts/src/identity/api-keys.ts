import { ApiKey, CreateApiKey, CreatedApiKey } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';
import { Idempotency } from '../write-options.js';

const gatewayRequest = { owner: 'identity', callers: ['gateway'], scope: 'tenant', deadlineMs: 3_000 } as const;

export const listApiKeys = request({
  ...gatewayRequest,
  subject: 'identity.v1.api-key-list',
  input: z.object({}),
  output: z.object({ apiKeys: z.array(ApiKey) }),
  idempotent: true,
});

export const createApiKey = request({
  ...gatewayRequest,
  subject: 'identity.v1.api-key-create',
  input: z.object({ userId: z.uuid(), key: CreateApiKey, idempotency: Idempotency.optional() }),
  output: CreatedApiKey,
  idempotent: false,
});

export const showApiKey = request({
  ...gatewayRequest,
  subject: 'identity.v1.api-key-show',
  input: z.object({ id: z.string() }),
  output: ApiKey,
  idempotent: true,
});

export const revokeApiKey = request({
  ...gatewayRequest,
  subject: 'identity.v1.api-key-revoke',
  input: z.object({ id: z.string() }),
  output: z.object({ id: z.string(), revokedAt: z.iso.datetime() }),
  idempotent: true,
});
