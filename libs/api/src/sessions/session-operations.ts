import { z } from 'zod';
import { Role } from '../access/access.js';
import { Timestamp } from '../operation/fields.js';
import { operation } from '../operation/operation.js';

/** E-mail addresses are compared without regard to case. */
export const LogIn = z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(1024) });

/** `token` is a session token, `runos_ses_<keyId>.<secret>`. */
export const LoggedIn = z.object({
  token: z.string(),
  expiresAt: Timestamp,
  accounts: z.array(z.object({ aid: z.string(), name: z.string(), role: Role })),
});

/**
 * Errors: `auth.invalid` for a wrong address or password alike. `limit.exceeded` after 10 failed attempts in 15 minutes
 * per account and network address, or 60 in a minute per network address. An IPv6 address counts with its whole /64.
 */
export const logIn = operation({
  id: 'session.login',
  method: 'POST',
  path: '/auth/login',
  access: 'public',
  summary: 'Log in with e-mail address and password. Returns a session token.',
  command: 'none',
  body: LogIn,
  output: LoggedIn,
  errors: ['auth.invalid'],
  examples: {
    body: { email: 'owner@example.com', password: 'correct horse battery staple' },
    output: {
      token: 'runos_ses_4f7h2k9m1q3x.…',
      expiresAt: '2030-02-12T09:30:00.000Z',
      accounts: [{ aid: 'k3v9d', name: 'Example', role: 'owner' }],
    },
  },
});

/** `loggedOut` is false for a personal access token, which is not revoked. */
export const logOut = operation({
  id: 'session.logout',
  method: 'POST',
  path: '/auth/logout',
  access: 'signed-in',
  summary: 'Log out: revoke the session token of the request.',
  output: z.object({ loggedOut: z.boolean() }),
  command: 'none',
});
