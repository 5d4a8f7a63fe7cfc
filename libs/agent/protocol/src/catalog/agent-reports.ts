import { z } from 'zod';
import { heartbeatReplyTimeoutMs } from '../wire/limits.js';
import { addonRecognition } from './addon.js';
import { type BodyOf, oneOf, report, text } from './message.js';

/** The agent applies bundles: it handles APPLY_BUNDLE, DELETE_BUNDLE and DIFF_BUNDLE, and sends RESYNC and BundleStatus. */
export const bundlesCapability = 'bundles/1';

/** As `bundles/1`; bundles bring the rules of their custom resources (`kindsGz`), whose digest is in the hashes. */
export const kindsCapability = 'bundles/2';

/** As `bundles/2`; the agent leaves fields to `allowedWriters`, whose digest is in the hashes. */
export const writersCapability = 'bundles/3';

/** DIFF_BUNDLE names what happens to each object, also before the namespace of the instance exists. */
export const plansCapability = 'plans/1';

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
    /** The hashes of this stream include the digests of the kinds of bundles. */
    kinds: z.boolean().optional(),
    /** They include the digests of the allowed writers. */
    writers: z.boolean().optional(),
    /** The uid of the kube-system namespace. It differs in a restored or copied cluster. */
    clusterUid: text(64).optional(),
  }),
  reply: z.object({
    /** False: start RESYNC now. Null: the server cannot compare now, start RESYNC as well. Absent without bundles. */
    inSync: z.boolean().nullish(),
    /** The plane compares the acknowledged statuses in a resync. Older planes refuse that step. */
    comparesStatuses: z.boolean().optional(),
    /** The plane receives the orphans of a resync. Older planes refuse that step. */
    receivesOrphans: z.boolean().optional(),
    /** The add-ons that the agent looks for and reports by AddonStatus. Older planes name none. */
    addons: z.array(addonRecognition).max(64).optional(),
  }),
  deadlineMs: 10_000,
});

/** The hello of a cluster agent of this version. Tests that stand in for it send every field too. */
export type ClusterAgentHello = Required<BodyOf<typeof AgentHello>>;

/** The state of Kubernetes on the machine of a node agent. */
export const nodeStatuses = ['not_installed', 'ready', 'not_ready', 'cordoned'] as const;
export type NodeKubernetesStatus = (typeof nodeStatuses)[number];

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

/** What keeps a cluster agent from its work in the whole cluster: a missing right, or a watch that does not deliver. */
export const agentProblem = z.object({
  /** Of the Kubernetes API: `list`, `watch`, `delete` … */
  verb: text(32),
  apiVersion: text(253),
  kind: text(63),
  /** With the words of the API server. */
  message: text(1024),
});
export type AgentProblem = z.output<typeof agentProblem>;

/** A heartbeat carries at most this many problems. */
export const maxAgentProblems = 20;

/** Every cluster agent sends it every 5 s. Any message with its tag is a reply. */
export const ClusterAgentHeartbeatToServer = report({
  type: 'ClusterAgentHeartbeatToServer',
  /** `problems`: all that exist now. Older agents report none. */
  body: z.looseObject({ problems: z.array(agentProblem).max(maxAgentProblems).optional() }),
  reply: z.looseObject({}),
  deadlineMs: heartbeatReplyTimeoutMs,
});

/** The first message of a node agent. An older one sends nothing else before it has the reply. */
export const AmIVIPHolder = report({
  type: 'AmIVIPHolder',
  body: z.looseObject({}),
  reply: z.object({ isHolder: z.boolean(), generation: z.int() }),
  deadlineMs: 10_000,
});

/** The URLs of the cluster's Kubernetes API, `https://<host>:<port>`. An empty list makes the agent keep its own list. */
export const GetControlPlaneNodes = report({
  type: 'GetControlPlaneNodes',
  body: z.looseObject({}),
  reply: z.array(text(255)).max(64),
  deadlineMs: 10_000,
});

/** Progress of a Kubernetes upgrade; its tag is random. */
export const UpgradeNodeK8sLog = report({
  type: 'UpgradeNodeK8sLog',
  body: z.object({ message: text(8192), severity: z.int().min(1).max(3) }),
  reply: null,
  deadlineMs: 0,
});

const pemBase64 = text(64 * 1024).default('');

/** Requests the stored wildcard certificate of the cluster's domain. With `found: false` the cluster orders its own. */
export const GetCachedCert = report({
  type: 'GetCachedCert',
  body: z.object({ domain: text(253) }),
  reply: z.object({
    success: z.boolean(),
    found: z.boolean(),
    pending: z.boolean(),
    error_code: text(64).optional(),
    message: text(1024).optional(),
    tlsCert: pemBase64,
    tlsKey: pemBase64,
    caCert: pemBase64,
  }),
  deadlineMs: 30_000,
});

export const StoreCert = report({
  type: 'StoreCert',
  body: z.object({ domain: text(253), tlsCert: pemBase64, tlsKey: pemBase64, caCert: pemBase64 }),
  reply: z.object({ success: z.boolean(), message: text(1024).optional() }),
  deadlineMs: 30_000,
});

/** The TXT value to publish at `_acme-challenge.<cluster domain>`. */
export const Dns01ToServer = report({
  type: 'Dns01ToServer',
  body: z.object({ key: text(512) }),
  reply: null,
  deadlineMs: 0,
});
