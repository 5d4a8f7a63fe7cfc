import { LoggedIn, LogIn, Membership, Role } from '@runos/api';
import { z } from 'zod';
import { event, request } from '../contract.js';

/** The principal of a token: a user's session with all their accounts, or a personal access token with its one. */
export const Principal = z.object({
  kind: z.enum(['session', 'pat']),
  keyId: z.string(),
  userId: z.uuid(),
  email: z.string(),
  /** A token's own name; for sessions the e-mail address. */
  name: z.string(),
  memberships: z.array(z.object({ aid: z.string(), role: Role })),
  expiresAt: z.iso.datetime(),
  /** Remaining validity at the time of the reply, by the database's clock; other clocks may differ. */
  validForMs: z.number().positive().optional(),
});
export type Principal = z.infer<typeof Principal>;

/**
 * Fails with `auth.invalid`. When the secret matches, the details contain `reason` (`revoked` or `expired`) and `revokedAt`
 * or `expiredAt`. An expired session is `auth.session_expired`.
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

export const logIn = request({
  subject: 'identity.v1.log-in',
  owner: 'identity',
  callers: ['gateway'],
  scope: 'plane',
  /** `address`: the client's network address, for the limit on failed attempts. */
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

/** A token was revoked or a membership changed: caches of principals drop these entries. */
export const accessChanged = event({
  subject: 'identity.v1.access-changed',
  owner: 'identity',
  subscribers: ['gateway'],
  body: z.object({ keyIds: z.array(z.string()), userIds: z.array(z.string()) }),
  delivery: 'at-most-once',
  receivers: 'every-replica',
});
