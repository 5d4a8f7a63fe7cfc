import { z } from 'zod';
import { request } from '../contract.js';

/**
 * Authorizes the caller to read the logs of a service, or of an app without `type`: returns only after an audit entry is durable. `sessionNo` is the
 * accepted session of its agent.
 * @throws Fault `unavailable` when its agent is disconnected, or too old to read logs
 */
export const authorizeLogs = request({
  owner: 'reconciler',
  callers: ['gateway'],
  scope: 'tenant',
  subject: 'reconciler.v1.instance-logs',
  input: z.object({ cid: z.string(), type: z.string().optional(), id: z.string(), pod: z.string().optional() }),
  output: z.object({ osid: z.string(), sessionNo: z.int() }),
  deadlineMs: 5_000,
  idempotent: true,
});
