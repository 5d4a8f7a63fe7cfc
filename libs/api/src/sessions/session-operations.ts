import { z } from 'zod';
import { Role } from '../access/role.js';
import { Timestamp } from '../field.js';
import { operation } from '../operation.js';

export const LogIn = z.strictObject({ email: z.email().max(254), password: z.string().min(1).max(1024) });

export const LoggedIn = z.object({
  token: z.string(),
  expiresAt: Timestamp,
  accounts: z.array(z.object({ aid: z.string(), name: z.string(), role: Role })),
});

export const logIn = operation({
  id: 'session.login',
  method: 'POST',
  path: '/auth/login',
  access: 'public',
  summary: 'Log in with e-mail and password; answers a session token.',
  body: LogIn,
  output: LoggedIn,
  examples: {
    body: { email: 'owner@example.com', password: 'correct horse battery staple' },
    output: {
      token: 'runos_ses_4f7h2k9m1q3x.…',
      expiresAt: '2030-02-12T09:30:00.000Z',
      accounts: [{ aid: 'k3v9d', name: 'Example', role: 'owner' }],
    },
  },
});

export const logOut = operation({
  id: 'session.logout',
  method: 'POST',
  path: '/auth/logout',
  access: 'signed-in',
  summary: 'End the session whose token is sent.',
  output: z.object({ loggedOut: z.boolean() }),
});
