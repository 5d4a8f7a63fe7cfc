import { type CreateApiKey, type Role, weakerRole } from '@runos/api';
import { Fault } from '@runos/kernel';
import type { z } from 'zod';

const dayMs = 86_400_000;
const defaultDays = 90;
const maxDays = 365;

/** Until when a token is good: 90 days unless said, a year at most. @throws Fault `request.invalid` */
export function checkExpiry(asked: string | undefined, now: Date): Date {
  if (asked === undefined) return new Date(now.getTime() + defaultDays * dayMs);
  const expiresAt = new Date(asked);
  const ahead = expiresAt.getTime() - now.getTime();
  if (ahead > 0 && ahead <= maxDays * dayMs) return expiresAt;
  const message = `must be in the future and at most ${maxDays} days ahead; ${asked} is not`;
  throw new Fault('request.invalid', `expiresAt ${message}.`, { issues: [{ path: 'expiresAt', message }] });
}

/** The role of a new token: member unless said, never above its creator's. @throws Fault `auth.forbidden` */
export function checkRole(asked: z.output<typeof CreateApiKey>['role'], creator: Role): Role {
  if (asked === undefined) return weakerRole('member', creator);
  const role = asked === 'limited' ? 'viewer' : asked;
  if (weakerRole(role, creator) === role) return role;
  throw new Fault(
    'auth.forbidden',
    `A ${creator} cannot make a token with the role ${role}; ask for ${creator} or less.`,
  );
}
