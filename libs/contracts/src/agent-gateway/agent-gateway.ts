import { CreateRegistrationToken, RegistrationToken, type Role, roleAllows, ShownRegistrationToken } from '@runos/api';
import { z } from 'zod';
import { Idempotency, request } from '../contract.js';
import { Credential } from '../identity/identity.js';

const tenantRequest = { owner: 'agent-gateway', scope: 'tenant' } as const;
const cid = z.string();

export const issueRegistrationToken = request({
  ...tenantRequest,
  callers: ['gateway'],
  subject: 'agent-gateway.v1.token-issue',
  /** `credential`: the token of the caller, with which the new one ends; older gateways do not send it. */
  input: z.object({
    cid,
    token: CreateRegistrationToken,
    credential: Credential.optional(),
    idempotency: Idempotency.optional(),
  }),
  output: RegistrationToken,
  deadlineMs: 6_000,
  idempotent: false,
});

/** Whether a role may create registration tokens, as the operation demands. Checked again when one is used. */
export const mayCreateRegistrationTokens = (role: Role): boolean => roleAllows(role, 'sensitive_write');

export const listRegistrationTokens = request({
  ...tenantRequest,
  callers: ['gateway'],
  subject: 'agent-gateway.v1.token-list',
  input: z.object({ cid }),
  output: z.object({ registrationTokens: z.array(ShownRegistrationToken) }),
  deadlineMs: 3_000,
  idempotent: true,
});

export const revokeRegistrationToken = request({
  ...tenantRequest,
  callers: ['gateway'],
  subject: 'agent-gateway.v1.token-revoke',
  input: z.object({ cid, id: z.string() }),
  output: z.object({ id: z.string(), revokedAt: z.iso.datetime() }),
  deadlineMs: 6_000,
  idempotent: true,
});

/**
 * Sends an instruction to an agent and waits for its reply. `absent`: the agent is not connected. `unknown`: there was no
 * reply in time, so repeat the instruction idempotently. `refused`: the agent replied with an error.
 *
 * `sessionNo`: the session that the reconciler has accepted. Only that one receives the instruction; `absent` when the
 * agent has another. Older reconcilers send none, and the newest session receives it.
 */
export const instruct = request({
  ...tenantRequest,
  callers: ['reconciler'],
  subject: 'agent-gateway.v1.instruct',
  input: z.object({
    cid,
    nid: z.string().nullable(),
    sessionNo: z.int().optional(),
    type: z.string(),
    body: z.unknown(),
    timeoutMs: z.int().min(1).max(60_000),
  }),
  output: z.discriminatedUnion('outcome', [
    z.object({ outcome: z.literal('replied'), body: z.unknown() }),
    z.object({ outcome: z.literal('refused'), message: z.string() }),
    z.object({ outcome: z.literal('absent') }),
    z.object({ outcome: z.literal('unknown') }),
  ]),
  deadlineMs: 60_000,
  idempotent: false,
});

/** The last heartbeat of every agent of these clusters; `nid` null is the cluster agent. */
export const listHeartbeats = request({
  ...tenantRequest,
  callers: ['reconciler'],
  subject: 'agent-gateway.v1.heartbeats',
  input: z.object({ cids: z.array(z.string()) }),
  output: z.object({
    agents: z.array(
      z.object({ cid: z.string(), nid: z.string().nullable(), lastHeartbeatAt: z.iso.datetime().nullable() }),
    ),
  }),
  deadlineMs: 2_000,
  idempotent: true,
});

/** Revokes every certificate and token of a cluster and ends its streams. */
export const revokeCluster = request({
  ...tenantRequest,
  callers: ['reconciler'],
  subject: 'agent-gateway.v1.cluster-revoke',
  input: z.object({ cid }),
  output: z.object({}),
  deadlineMs: 8_000,
  idempotent: true,
});

/** Revokes every certificate of a node and ends its stream. */
export const revokeNode = request({
  ...tenantRequest,
  callers: ['reconciler'],
  subject: 'agent-gateway.v1.node-revoke',
  input: z.object({ cid, nid: z.string() }),
  output: z.object({}),
  deadlineMs: 8_000,
  idempotent: true,
});
