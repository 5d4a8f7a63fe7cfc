import { z } from 'zod';
import { text } from './field.js';
import { report } from './message.js';

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
