import { z } from 'zod';
import { request } from '../contract.js';

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
  callers: ['gateway', 'reconciler', 'agent-gateway'],
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
