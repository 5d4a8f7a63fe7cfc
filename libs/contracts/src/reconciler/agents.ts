import { BundleStatus, RESYNC } from '@runos/agent-protocol';
import { z } from 'zod';
import { request } from '../contract.js';

const fromAgents = { owner: 'reconciler', callers: ['agent-gateway'], scope: 'tenant', idempotent: true } as const;
const cid = z.string();

/** A node asks to belong to a cluster; the same machine id gets the nid it had. */
export const registerNode = request({
  ...fromAgents,
  subject: 'reconciler.v1.node-register',
  input: z.object({
    cid,
    machineId: z.string().min(1).max(128),
    os: z.string().max(128),
    name: z.string().max(63).optional(),
  }),
  output: z.object({ nid: z.string() }),
  deadlineMs: 4_000,
});

/**
 * Where an agent stands now, repeated until acknowledged. Of one agent only a higher (sessionNo, seq) counts.
 * `present`: it holds a stream; `ready`: its last heartbeat is younger than 30 s.
 */
export const AgentConnection = z.object({
  cid,
  /** null: the cluster agent. */
  nid: z.string().nullable(),
  sessionNo: z.int(),
  seq: z.int(),
  connected: z.boolean(),
  ready: z.boolean(),
  version: z.string().max(64).nullable(),
  capabilities: z.array(z.string().max(64)).max(64),
  /** uid of the cluster's kube-system namespace, told by the cluster agent. */
  clusterUid: z.string().max(64).nullable(),
  lastHeartbeatAt: z.iso.datetime().nullable(),
  certificateExpiresAt: z.iso.datetime().nullable(),
});
export type AgentConnection = z.infer<typeof AgentConnection>;

export const reportAgentConnection = request({
  ...fromAgents,
  subject: 'reconciler.v1.agent-connection',
  input: AgentConnection,
  output: z.object({}),
  deadlineMs: 4_000,
});

/** What became of one instance, as its cluster agent reports it; answered once it is written down. A repetition changes nothing. */
export const reportBundleStatus = request({
  ...fromAgents,
  subject: 'reconciler.v1.bundle-status',
  input: z.object({ cid, status: BundleStatus.body }),
  output: z.object({}),
  deadlineMs: 4_000,
});

/**
 * One step of the comparison of what an agent stores with what is wanted. What differs is on its way to the agent as
 * APPLY_BUNDLE and DELETE_BUNDLE by the time of the answer to a `list`.
 */
export const resync = request({
  ...fromAgents,
  subject: 'reconciler.v1.resync',
  input: z.object({ cid, question: RESYNC.body }),
  /** `foreign`: those of the unknown ones that are another cluster's; not for the agent to hear. */
  output: RESYNC.reply.extend({ foreign: z.array(z.string()).optional() }),
  deadlineMs: 8_000,
});
