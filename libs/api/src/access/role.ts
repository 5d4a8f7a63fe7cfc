import { z } from 'zod';
import type { Level } from './level.js';

/** From weakest to strongest; each may all that the one before may. */
export const roles = ['viewer', 'member', 'admin', 'owner'] as const;
export type Role = (typeof roles)[number];
export const Role = z.enum(roles);

const allowed: Readonly<Record<Role, readonly Level[]>> = {
  viewer: ['read'],
  member: ['read', 'sensitive_read', 'write'],
  admin: ['read', 'sensitive_read', 'write', 'sensitive_write'],
  owner: ['read', 'sensitive_read', 'write', 'sensitive_write'],
};

export const roleAllows = (role: Role, level: Level): boolean => allowed[role].includes(level);

/** The weaker of two roles: a token never does more than its user still may. */
export const weakerRole = (a: Role, b: Role): Role => (roles.indexOf(a) <= roles.indexOf(b) ? a : b);
