import { documentation, Name } from '@runos/catalog-model';
import { z } from 'zod';
import { Role } from '../access/access.js';
import { Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, keyId } = pathParams;

/**
 * A personal access token without its secret. `createdBy` is the e-mail address of its user, `createdByKey` the id of the
 * token that created it; null when a session created it.
 */
export const ApiKey = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  createdBy: z.string(),
  createdByKey: z.string().nullable(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  lastUsedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
});

/**
 * `expiresAt`: at most 365 days ahead, 90 by default. `role`: at most the creator's, by default member or the creator's
 * weaker role; `limited` is the name of viewer in older command lines. A token that another one creates expires with it
 * at the latest.
 */
export const CreateApiKey = z.strictObject({
  name: Name.clone().register(documentation, { description: 'Display name.' }),
  expiresAt: z.iso.datetime({ offset: true }).optional().register(documentation, {
    description: 'When it expires, as RFC 3339. At most 365 days ahead. Default: in 90 days.',
  }),
  role: z
    .enum([...Role.options, 'limited'])
    .optional()
    .register(documentation, {
      description: 'Role of the token, at most yours; `limited` is viewer. Default: member, or your weaker role.',
    }),
});

/** The only response with the secret: `token` is `runos_pat_<id>.<secret>`. */
export const CreatedApiKey = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  expiresAt: Timestamp,
  token: z.string(),
  warning: z.string(),
});

/** Usable tokens first, newest first, then expired and revoked ones; at most 1,000. */
export const listApiKeys = operation({
  id: 'apikey.list',
  method: 'GET',
  path: '/:aid/api-keys',
  access: 'read',
  summary: 'List the personal access tokens of the account, without their secrets.',
  params: { aid },
  output: z.object({ apiKeys: z.array(ApiKey) }),
});

/** `auth.forbidden` also for a role above the caller's. */
export const createApiKey = operation({
  id: 'apikey.create',
  method: 'POST',
  path: '/:aid/api-keys',
  access: 'sensitive_write',
  summary: 'Create a personal access token. Its value is shown only in this response.',
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
  summary: 'Show a personal access token, without its secret.',
  params: { aid, id: keyId },
  output: ApiKey,
});

/**
 * Also revokes every token that this one created, directly or through others. Effective in every gateway within 30 s,
 * usually at once. Repeating it returns the first revocation.
 */
export const revokeApiKey = operation({
  id: 'apikey.revoke',
  method: 'POST',
  path: '/:aid/api-keys/:id/revoke',
  access: 'sensitive_write',
  summary: 'Revoke a personal access token and all tokens that were created with it.',
  params: { aid, id: keyId },
  output: z.object({ id: z.string(), revokedAt: Timestamp }),
});
