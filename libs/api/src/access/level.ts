/** What an operation may reveal or change; every operation declares exactly one. */
export const levels = ['read', 'sensitive_read', 'write', 'sensitive_write'] as const;
export type Level = (typeof levels)[number];

/** `public`: no token. `signed-in`: any valid token, whatever its role. Otherwise a level within an account. */
export type Access = 'public' | 'signed-in' | Level;
