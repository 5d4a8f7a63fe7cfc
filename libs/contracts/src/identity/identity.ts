import { ApiKey, CreateApiKey, CreatedApiKey, LoggedIn, LogIn, Membership, Role } from '@runos/api';
import { z } from 'zod';
import { event, Idempotency, request } from '../contract.js';

/** The authenticated user of a token: a session with all its accounts, or a personal access token with one account. */
export const Principal = z.object({
  kind: z.enum(['session', 'pat']),
  keyId: z.string(),
  userId: z.uuid(),
  email: z.string(),
  /** The name of a personal access token, or the e-mail address of a session. */
  name: z.string(),
  memberships: z.array(z.object({ aid: z.string(), role: Role })),
  expiresAt: z.iso.datetime(),
  /** Remaining validity at the time of the reply, ms. A duration, because the clocks of replicas differ. */
  validForMs: z.number().positive().optional(),
});
export type Principal = z.infer<typeof Principal>;

/**
 * @throws Fault `auth.invalid`; with a correct secret its details contain `reason` (`revoked` or `expired`) and `revokedAt`
 * or `expiredAt`. `auth.session_expired` for an expired session.
 */
export const authenticate = request({
  subject: 'identity.v1.authenticate',
  owner: 'identity',
  callers: ['gateway'],
  scope: 'plane',
  input: z.object({ token: z.string().max(512) }),
  output: Principal,
  deadlineMs: 3_000,
  idempotent: true,
});

/** The id of a token of identity, so that another service can check it later. The secret is not part of it. */
export const Credential = Principal.pick({ kind: true, keyId: true });
export type Credential = z.infer<typeof Credential>;

/**
 * Whether a token is still usable in this account, and the role that it has now.
 * @throws Fault as `authenticate`; `auth.invalid` also when its user is no member of the account
 */
export const checkCredential = request({
  subject: 'identity.v1.credential-check',
  owner: 'identity',
  callers: ['agent-gateway'],
  scope: 'tenant',
  input: Credential,
  /** `validForMs`: the remaining validity at the time of the reply, ms. */
  output: z.object({ role: Role, validForMs: z.number().positive() }),
  deadlineMs: 2_000,
  idempotent: true,
});

export const logIn = request({
  subject: 'identity.v1.log-in',
  owner: 'identity',
  callers: ['gateway'],
  scope: 'plane',
  /** `address`: an IPv4 address, or the /64 of an IPv6 address, of the client, for the limit of failed attempts. */
  input: LogIn.extend({ address: z.string().max(64) }),
  output: LoggedIn,
  deadlineMs: 8_000,
  idempotent: false,
});

export const logOut = request({
  subject: 'identity.v1.log-out',
  owner: 'identity',
  callers: ['gateway'],
  scope: 'plane',
  input: z.object({ keyId: z.string() }),
  output: z.object({ loggedOut: z.boolean() }),
  deadlineMs: 3_000,
  idempotent: true,
});

export const listMemberships = request({
  subject: 'identity.v1.memberships',
  owner: 'identity',
  callers: ['gateway'],
  scope: 'plane',
  input: z.object({ userId: z.uuid(), aids: z.array(z.string()) }),
  output: z.object({ accounts: z.array(Membership) }),
  deadlineMs: 3_000,
  idempotent: true,
});

/**
 * The tokens `keyIds` were revoked, or memberships of `userIds` changed. Caches of principals drop these entries, and
 * registration tokens that a revoked token created are revoked with it.
 */
export const accessChanged = event({
  subject: 'identity.v1.access-changed',
  owner: 'identity',
  subscribers: ['gateway', 'agent-gateway'],
  body: z.object({ keyIds: z.array(z.string()), userIds: z.array(z.string()) }),
  delivery: 'at-most-once',
  receivers: 'every-replica',
});

/** Creates an account, its owner (an existing user, or a new one with a generated password) and a token of the owner. */
export const createAccount = request({
  subject: 'identity.v1.account-create',
  owner: 'identity',
  callers: ['operator'],
  scope: 'plane',
  input: z.object({ email: z.email().max(254), name: z.string().min(1).max(63).optional() }),
  /** `password` is null for an existing user. Password and token cannot be read later. */
  output: z.object({ aid: z.string(), email: z.string(), password: z.string().nullable(), token: z.string() }),
  deadlineMs: 8_000,
  idempotent: false,
});

/** Writes an audit entry. The reply means that the entry is committed. */
export const recordAudit = request({
  subject: 'identity.v1.audit-record',
  owner: 'identity',
  callers: ['gateway', 'reconciler', 'agent-gateway', 'config-sets'],
  scope: 'tenant',
  input: z.object({
    action: z.string().max(64),
    subject: z.string().max(256),
    outcome: z.enum(['allowed', 'refused']),
    detail: z.record(z.string(), z.string()).default({}),
  }),
  output: z.object({ id: z.string() }),
  deadlineMs: 3_000,
  idempotent: false,
});

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
  /** A token that creates another one is the actor. `sessionKeyId`: the creating session; older gateways do not send it. */
  input: z.object({
    userId: z.uuid(),
    sessionKeyId: z.string().optional(),
    key: CreateApiKey,
    idempotency: Idempotency.optional(),
  }),
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
