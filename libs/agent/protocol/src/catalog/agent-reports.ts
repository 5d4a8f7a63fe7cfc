import { z } from 'zod';
import { heartbeatReplyTimeoutMs } from '../wire/limits.js';
import { oneOf, text } from './field.js';
import { report } from './message.js';

/** The agent applies bundles: it handles APPLY_BUNDLE, DELETE_BUNDLE and DIFF_BUNDLE, and sends RESYNC and BundleStatus. */
export const bundlesCapability = 'bundles/1';

export const rootHash = z.string().regex(/^[0-9a-f]{32}$/, 'is not a 128-bit hash in hexadecimal');

/** The first message on every stream. Older agents send none. */
export const AgentHello = report({
  type: 'AgentHello',
  body: z.object({
    version: text(64),
    capabilities: z.array(text(64)).max(64),
    /** The number of stored bundles and the hash over them; absent for an agent without bundles. */
    count: z.int().min(0).optional(),
    root: rootHash.optional(),
    /** The uid of the kube-system namespace. It differs in a restored or copied cluster. */
    clusterUid: text(64).optional(),
  }),
  reply: z.object({
    /** False: start RESYNC now. Null: the server cannot compare now, start RESYNC as well. Absent without bundles. */
    inSync: z.boolean().nullish(),
  }),
  deadlineMs: 10_000,
});

export const nodeStatuses = ['not_installed', 'ready', 'not_ready', 'cordoned'] as const;

/** Every node agent sends it every 5 s. */
export const NodeAgentHeartbeatToServer = report({
  type: 'NodeAgentHeartbeatToServer',
  body: z.object({
    /** Empty when unknown. */
    externalIpAddress: text(64).default(''),
    isCp: z.boolean().default(false),
    isWorker: z.boolean().default(false),
    status: oneOf(nodeStatuses),
    version: text(64).default(''),
    /** False: the roles are the last known ones and must not be stored. Absent means true. */
    rolesKnown: z.boolean().default(true),
  }),
  reply: z.object({ isHealthy: z.boolean(), message: text(1024) }),
  deadlineMs: heartbeatReplyTimeoutMs,
});

/** Every cluster agent sends it every 5 s. Any message with its tag is a reply. */
export const ClusterAgentHeartbeatToServer = report({
  type: 'ClusterAgentHeartbeatToServer',
  body: z.looseObject({}),
  reply: z.looseObject({}),
  deadlineMs: heartbeatReplyTimeoutMs,
});
