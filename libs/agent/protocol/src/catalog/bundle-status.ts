import { z } from 'zod';
import { digest, generation, instant, objectRef, oneOf, osid, text } from './field.js';
import { report } from './message.js';

export const bundlePhases = ['applying', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
export const objectStates = ['pending', 'applied', 'ready', 'degraded', 'failed', 'deleting', 'gone'] as const;
export const driftActions = ['repaired', 'recreated', 'reported', 'contested', 'failed'] as const;

const condition = z.object({
  /** `Accepted`, `Applied`, `Ready`, `Drifted` …; newer agents may send more. */
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
  /** Paths of the drifted fields; empty when the whole object was deleted. */
  fields: z.array(text(1024)).max(100),
  /** The field manager that changed it; null when Kubernetes does not record one. */
  manager: text(256).nullish(),
  at: instant,
  action: oneOf(driftActions),
});

/** The status of one instance, sent when it changes and repeated until the plane acknowledges it. */
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
    /** Desired and ready pods (or instances) of the workloads; absent for workloads that do not count them. */
    replicas: z.object({ desired: z.int().min(0), ready: z.int().min(0) }).optional(),
    drift: z.array(drift).max(50).optional(),
  }),
  /** Any envelope with the same tag that is no error: the plane has stored the status. */
  reply: z.looseObject({}),
  deadlineMs: 10_000,
});
