import { AddonStatus, agentProblem, BundleStatus, maxAgentProblems, nodeStatuses, RESYNC } from '@runos/agent-protocol';
import { type NodeRole, nodeRoles } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';

const fromAgents = { owner: 'reconciler', callers: ['agent-gateway'], scope: 'tenant', idempotent: true } as const;
const cid = z.string();
/**
 * The Kubernetes cluster of the sender, as its session has stated it. Only reports from the Kubernetes cluster of the
 * cluster count. Absent: not stated, or from an older agent gateway; then the recorded connection decides.
 */
const clusterUid = z.string().max(64).optional();

/**
 * Registers a node in a cluster; a machine id that is known keeps its nid.
 * With the `nid` of an earlier reply it only confirms it. Older services ignore it.
 * @throws Fault `node.not_found` when the machine does not have that nid any more, because the node was deleted
 */
export const registerNode = request({
  ...fromAgents,
  subject: 'reconciler.v1.node-register',
  input: z.object({
    cid,
    machineId: z.string().min(1).max(128),
    os: z.string().max(128),
    name: z.string().max(63).optional(),
    nid: z.string().optional(),
  }),
  output: z.object({ nid: z.string() }),
  deadlineMs: 4_000,
});

/**
 * The connection of an agent, sent again until it is acknowledged. Only a higher (sessionNo, seq) changes it.
 * `connected`: the agent has an open stream; `ready`: its last heartbeat is younger than 30 s.
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
  /** The uid of the namespace kube-system, from the HELLO of the cluster agent. */
  clusterUid: z.string().max(64).nullable(),
  lastHeartbeatAt: z.iso.datetime().nullable(),
  certificateExpiresAt: z.iso.datetime().nullable(),
  /** What a node agent reports about Kubernetes on its machine. Null: nothing yet. Older agent gateways send neither. */
  kubernetesStatus: z.enum(nodeStatuses).nullish(),
  roles: z.array(z.enum(nodeRoles)).max(2).nullish(),
  /**
   * The addresses of two machines that use the certificate of this agent. The first one was here earlier and stays
   * connected. Older agent gateways send none.
   */
  duplicateAddresses: z.array(z.string().max(64)).max(2).nullish(),
  /** What keeps a cluster agent from its work. Null: nothing reported yet. Older agent gateways send none. */
  problems: z.array(agentProblem).max(maxAgentProblems).nullish(),
});
export type { NodeRole };
export type AgentConnection = z.infer<typeof AgentConnection>;

export const reportAgentConnection = request({
  ...fromAgents,
  subject: 'reconciler.v1.agent-connection',
  input: AgentConnection,
  output: z.object({}),
  deadlineMs: 4_000,
});

/**
 * The status of one instance from its cluster agent. The reply means that it is durable. Only a higher (sessionNo,
 * status.sequence) changes the instance, so late, repeated and reordered statuses are harmless. Older agent gateways send
 * no `sessionNo`: their statuses count in the order of arrival.
 */
export const reportBundleStatus = request({
  ...fromAgents,
  subject: 'reconciler.v1.bundle-status',
  input: z.object({ cid, clusterUid, sessionNo: z.int().optional(), status: BundleStatus.body }),
  output: z.object({}),
  deadlineMs: 4_000,
});

/**
 * The add-ons that a session of the cluster agent has detected. Only a higher (sessionNo, sequence) changes something, so
 * late and repeated reports are harmless. Older agent gateways send no `sequence`: their reports of a session count in the
 * order of arrival.
 */
export const reportAddons = request({
  ...fromAgents,
  subject: 'reconciler.v1.addon-report',
  input: z.object({
    cid,
    clusterUid,
    sessionNo: z.int(),
    sequence: z.int().min(1).optional(),
    ...AddonStatus.body.shape,
  }),
  output: z.object({}),
  deadlineMs: 4_000,
});

/**
 * One step of a resync: it compares the stored bundles of an agent with the desired ones. At the reply to a `list`, the
 * differing bundles are queued for delivery as APPLY_BUNDLE and DELETE_BUNDLE.
 */
export const resync = request({
  ...fromAgents,
  subject: 'reconciler.v1.resync',
  input: z.object({ cid, clusterUid, question: RESYNC.body }),
  /** `foreign`: the unknown OSIDs that belong to another cluster. The agent gateway keeps them from the agent. */
  output: RESYNC.reply.extend({ foreign: z.array(z.string()).optional() }),
  deadlineMs: 8_000,
});
