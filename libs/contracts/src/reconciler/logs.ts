import { z } from 'zod';
import { request } from '../contract.js';
import { fromGateway, instanceName } from './from-gateway.js';

/**
 * Authorizes the caller to read the logs of an instance. Returns only after an audit entry is durable. `sessionNo` is the
 * accepted session of its agent.
 * @throws Fault `unavailable` when its agent is disconnected, or too old to read logs
 */
export const authorizeLogs = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-logs',
  input: z.object({ ...instanceName, pod: z.string().optional() }),
  output: z.object({ osid: z.string(), sessionNo: z.int() }),
  idempotent: true,
});
