import { logQuery, READ_LOGS, readingNumber } from '@runos/agent-protocol';
import { z } from 'zod';
import { request } from '../contract.js';

/** No request is repeated: a reply that is lost holds entries that are not sent again. */
const fromGateway = { owner: 'agent-gateway', callers: ['gateway'], scope: 'tenant', idempotent: false } as const;

/** The log that the gateway has opened under `id`, in the session that the reconciler has accepted. */
const openLog = { cid: z.string(), sessionNo: z.int(), id: z.uuid() };

/**
 * Opens the logs of an instance. @throws Fault `limit.exceeded` when the agent reads as many as it may; `unavailable`
 * without the session
 */
export const openLogs = request({
  ...fromGateway,
  subject: 'agent-gateway.v1.logs-open',
  input: z.object({ ...openLog, query: logQuery }),
  output: z.object({}),
  deadlineMs: 5_000,
});

/** The next entries; none after a few seconds. @throws Fault `unavailable` when the session has ended */
export const readLogs = request({
  ...fromGateway,
  subject: 'agent-gateway.v1.logs-read',
  input: z.object({ ...openLog, number: readingNumber }),
  output: READ_LOGS.reply,
  deadlineMs: 8_000,
});

/** Without effect if the agent does not have it open. */
export const closeLogs = request({
  ...fromGateway,
  subject: 'agent-gateway.v1.logs-close',
  input: z.object(openLog),
  output: z.object({}),
  deadlineMs: 5_000,
});
