import { type KubeObject, printRef, refOf } from '@runos/kube-objects';
import { degraded, failed, type Health, worstFirst } from './health.js';
import type { Replicas } from './kind.js';

/** The replicas of a live object, with the desired number instead of that of its live spec. */
export const withDesired = (live: Replicas, desired: number | undefined): Replicas =>
  desired === undefined ? live : { ...live, desired };

/**
 * Health of a live object that another field manager, or an admission policy, may have scaled down. Kubernetes itself
 * compares only with the live spec.
 */
export function judgeReplicas(
  object: KubeObject,
  health: Health,
  live: Replicas | undefined,
  desired: number | undefined,
): Health {
  if (live === undefined || desired === undefined) return health;
  if (live.desired >= desired || live.ready >= desired) return health;
  const { namespace: _, ...named } = refOf(object); // the namespace is that of the instance
  const message =
    `${printRef(named)} has ${live.desired} of ${desired} desired replicas in its live spec, and ${live.ready} are ` +
    'ready: set spec.replicas back, or change the desired number.';
  const judged = live.ready === 0 ? failed('ScaledDown', message) : degraded('ScaledDown', message);
  return [judged, health].sort(worstFirst)[0] ?? health;
}
