import { z } from 'zod';

/** What an operation may reveal or change. Every operation on an account declares exactly one level. */
export const levels = ['read', 'sensitive_read', 'write', 'sensitive_write'] as const;
export type Level = (typeof levels)[number];

/** `public`: no token. `signed-in`: any valid token with any role. Otherwise a level within an account. */
export type Access = 'public' | 'signed-in' | Level;

/** From weakest to strongest. Each role allows every level that the previous one allows. */
export const roles = ['viewer', 'member', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];
export const Role = z.enum(roles);

const allowed: Readonly<Record<Role, readonly Level[]>> = {
  viewer: ['read'],
  member: ['read', 'sensitive_read', 'write'],
  admin: ['read', 'sensitive_read', 'write', 'sensitive_write'],
  owner: ['read', 'sensitive_read', 'write', 'sensitive_write'],
};

/** True if a role has at least this level of access. */
export const roleAllows = (role: Role, level: Level): boolean => allowed[role].includes(level);

/** The weaker of two roles. A token's role is limited to its user's current role. */
export const weakerRole = (a: Role, b: Role): Role => (roles.indexOf(a) <= roles.indexOf(b) ? a : b);
