import { z } from 'zod';
import { Role } from '../access/role.js';
import { Name, Timestamp } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';

const { aid, keyId } = pathParams;

export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  createdBy: z.string(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
});

/** `limited` is the name older command lines use for viewer. */
export const CreateApiKey = z.strictObject({
  name: Name,
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  role: z.enum([...Role.options, 'limited']).optional(),
});

export const CreatedApiKey = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  expiresAt: Timestamp,
  token: z.string(),
  warning: z.string(),
});

export const listApiKeys = operation({
  id: 'apikey.list',
  method: 'GET',
  path: '/:aid/api-keys',
  access: 'read',
  summary: 'The personal access tokens of the account, without their secrets.',
  params: { aid },
  output: z.object({ apiKeys: z.array(ApiKey) }),
});

export const createApiKey = operation({
  id: 'apikey.create',
  method: 'POST',
  path: '/:aid/api-keys',
  access: 'sensitive_write',
  summary: 'Make a personal access token; its value is shown this once.',
  params: { aid },
  body: CreateApiKey,
  output: CreatedApiKey,
  status: 201,
  examples: {
    body: { name: 'ci', role: 'member' },
    output: {
      id: '4f7h2k9m1q3x',
      name: 'ci',
      role: 'member',
      expiresAt: '2030-05-12T09:30:00.000Z',
      token: 'runos_pat_4f7h2k9m1q3x.…',
      warning: 'Keep this token now: it is not shown again.',
    },
  },
});

export const showApiKey = operation({
  id: 'apikey.show',
  method: 'GET',
  path: '/:aid/api-keys/:id',
  access: 'read',
  summary: 'One personal access token, without its secret.',
  params: { aid, id: keyId },
  output: ApiKey,
});

export const revokeApiKey = operation({
  id: 'apikey.revoke',
  method: 'POST',
  path: '/:aid/api-keys/:id/revoke',
  access: 'sensitive_write',
  summary: 'Revoke a personal access token at once.',
  params: { aid, id: keyId },
  output: z.object({ id: z.string(), revokedAt: Timestamp }),
});
