import { z } from 'zod';
import { digest, generation, instant, objectRef, oneOf, osid, text } from './field.js';
import { report } from './message.js';

export const bundlePhases = ['applying', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
export const objectStates = ['pending', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
export const driftActions = ['repaired', 'recreated', 'reported', 'contested', 'failed'] as const;

const condition = z.object({
  /** `Accepted`, `Applied`, `Ready`, `Drifted` …; newer agents may know more. */
  type: text(64),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: text(128),
  message: text(4096),
});

export const objectState = objectRef.extend({
  state: oneOf(objectStates),
  reason: text(128).optional(),
  message: text(4096).optional(),
});

export const drift = z.object({
  object: objectRef,
  /** Paths of the fields that had another value; empty when the whole object was gone. */
  fields: z.array(text(1024)).max(100),
  /** Who did it; null where Kubernetes does not know. */
  manager: text(256).nullish(),
  at: instant,
  action: oneOf(driftActions),
});

/** What became of one instance, sent on change only and repeated until answered. */
export const BundleStatus = report({
  type: 'BundleStatus',
  body: z.object({
    osid,
    generation,
    digest,
    phase: oneOf(bundlePhases),
    conditions: z.array(condition).max(20),
    /** Worst first. */
    objects: z.array(objectState).max(50),
    /** Pods (or instances) of the workloads that were asked for and that serve; absent where nothing counts them. */
    replicas: z.object({ desired: z.int().min(0), ready: z.int().min(0) }).optional(),
    drift: z.array(drift).max(50).optional(),
  }),
  /** Any envelope with the same tag that is no error: the plane has written it down. */
  reply: z.looseObject({}),
  deadlineMs: 10_000,
});
