import { z } from 'zod';
import { text } from './field.js';
import { report } from './message.js';

/** The first thing a node agent asks; an older one does nothing else before it has the answer. */
export const AmIVIPHolder = report({
  type: 'AmIVIPHolder',
  body: z.looseObject({}),
  reply: z.object({ isHolder: z.boolean(), generation: z.int() }),
  deadlineMs: 10_000,
});

/** Where the Kubernetes API of the cluster answers: `https://<host>:<port>`; an empty list means "keep what you have". */
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
