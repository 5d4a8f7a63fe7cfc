import { type CreateApiKey, type Role, weakerRole } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { z } from 'zod';

const dayMs = 86_400_000;
const defaultDays = 90;
const maxDays = 365;

/** The expiry of a new PAT: 90 days by default, at most 365 (definitions §3). @throws Fault `request.invalid` */
export function checkExpiry(requested: string | undefined, now: Date): Date {
  if (requested === undefined) return new Date(now.getTime() + defaultDays * dayMs);
  const expiresAt = new Date(requested);
  const ahead = expiresAt.getTime() - now.getTime();
  if (ahead > 0 && ahead <= maxDays * dayMs) return expiresAt;
  const message = `must be in the future and at most ${maxDays} days ahead; ${requested} is not`;
  throw new Fault('request.invalid', `expiresAt ${message}.`, { issues: [{ path: 'expiresAt', message }] });
}

/** The role of a new PAT: member by default, at most its creator's (definitions §3). @throws Fault `auth.forbidden` */
export function checkRole(requested: z.output<typeof CreateApiKey>['role'], creator: Role): Role {
  if (requested === undefined) return weakerRole('member', creator);
  const role = requested === 'limited' ? 'viewer' : requested;
  if (weakerRole(role, creator) === role) return role;
  throw new Fault(
    'auth.forbidden',
    `A ${creator} cannot create a token with the role ${role}; request ${creator} or less.`,
  );
}
