import { randomBytes } from 'node:crypto';

/** Who may connect and with which subjects; `publish` and `subscribe` are NATS subjects with wildcards. */
export interface NatsUser {
  readonly user: string;
  readonly password: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer a request it received, on whatever reply subject that named, once. Default true. */
  readonly answers?: boolean;
}

/** A user who may do everything: tests and administration, never a service. */
export const allPowerful = (user: string, password = randomBytes(18).toString('base64url')): NatsUser => ({
  user,
  password,
  publish: ['>'],
  subscribe: ['>'],
});
