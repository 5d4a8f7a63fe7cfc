import { z } from 'zod';
import { text } from './field.js';
import { report } from './message.js';

/** Applies bundles: APPLY_BUNDLE, DELETE_BUNDLE, DIFF_BUNDLE, RESYNC and BundleStatus. */
export const bundlesCapability = 'bundles/1';

export const rootHash = z.string().regex(/^[0-9a-f]{32}$/, 'is not a 128-bit hash in hexadecimal');

/** The first message of our agents on every stream. Older agents send none. */
export const AgentHello = report({
  type: 'AgentHello',
  body: z.object({
    version: text(64),
    capabilities: z.array(text(64)).max(64),
    /** What is stored, of an agent that keeps bundles: how many, and the root over them. */
    count: z.int().min(0).optional(),
    root: rootHash.optional(),
    /** uid of the cluster's kube-system namespace: tells a restored or copied cluster from the one that registered. */
    clusterUid: text(64).optional(),
  }),
  reply: z.object({
    /** False: start RESYNC now. Null: the server cannot tell yet, start RESYNC as well. Absent without bundles. */
    inSync: z.boolean().nullish(),
  }),
  deadlineMs: 10_000,
});
