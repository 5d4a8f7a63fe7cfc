import { createHash } from 'node:crypto';
import { tombstoneDigest } from '@runos/agent-protocol';
import { type Health, type HealthState, type ObjectRef, printRef, type Replicas } from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import { isApplied, type ObjectState } from '../instances/object-state.js';
import { conditionsOf } from './status-conditions.js';
import type { ObjectLine, Status } from './status.js';

/** A status names at most this many objects, the worst first. */
const objectsShown = 50;
const messageLimit = 4_096;

const badness: Record<string, number> = { failed: 0, degraded: 1, deleting: 2, pending: 3, applied: 4, ready: 5 };

/** What there is to say about an instance now. */
export function composeStatus(instance: Instance): Status {
  const { osid, generation, digest, removing } = instance.record;
  const lines = removing ? removalLines(instance) : bundleLines(instance);
  const replicas = removing ? undefined : replicasIn(instance);
  const phase = removing ? (instance.removal?.done ? 'gone' : 'deleting') : phaseOf(instance, lines, replicas);
  return {
    osid: osid as Status['osid'],
    generation,
    digest: removing ? tombstoneDigest : digest,
    phase,
    conditions: conditionsOf(instance, phase, lines),
    objects: [...lines].sort((a, b) => (badness[a.state] ?? 9) - (badness[b.state] ?? 9)).slice(0, objectsShown),
    ...(replicas === undefined ? {} : { replicas }),
    ...(instance.drifts.length > 0 ? { drift: [...instance.drifts] } : {}),
  };
}

/** Equal for statuses that say the same; drifts are events and not part of it. */
export const statusHash = ({ drift: _, ...status }: Status): string =>
  createHash('sha256').update(JSON.stringify(status)).digest('base64url');

/** One line about an object; empty reasons and messages are left out. */
function line({ apiVersion, kind, namespace, name }: ObjectRef, state: string, reason = '', message = ''): ObjectLine {
  return {
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    state,
    ...(reason === '' ? {} : { reason: reason.slice(0, 128) }),
    ...(message === '' ? {} : { message: message.slice(0, messageLimit) }),
  };
}

const stateOf: Record<HealthState, string> = {
  ready: 'ready',
  progressing: 'applied',
  degraded: 'degraded',
  failed: 'failed',
};

const healthLine = (ref: ObjectRef, { state, reason, message }: Health): ObjectLine =>
  line(ref, stateOf[state], state === 'ready' ? '' : reason, message);

function bundleLines(instance: Instance): ObjectLine[] {
  // What is around an object says more about it than it does itself, so it comes first.
  const around = [...instance.dependents].sort(([a], [b]) => a.localeCompare(b));
  return [
    ...around.map(([, { ref, health }]) => healthLine(ref, health)),
    ...[...instance.objects.values()].map(objectLine),
  ];
}

function objectLine(state: ObjectState): ObjectLine {
  const { ref, problem, health, ending, deviation } = state;
  if (problem) return line(ref, problem.blocked ? 'failed' : 'pending', problem.reason, problem.message);
  if (ending) return line(ref, 'deleting', 'Terminating', `${printRef(ref)} is being deleted and is made again then.`);
  if (deviation?.length === 0)
    return line(ref, 'failed', 'Missing', `${printRef(ref)} was deleted; it is only reported.`);
  if (!isApplied(state)) return line(ref, 'pending');
  return health === undefined ? line(ref, 'applied') : healthLine(ref, health);
}

function removalLines({ removal, objects }: Instance): ObjectLine[] {
  if (removal === undefined || removal.done) return [];
  const held = removal.heldUp.map(({ ref, health }) => line(ref, 'deleting', health.reason, health.message));
  const named = new Set(held.map((one) => `${one.kind}/${one.name}`));
  const left = [...objects.values()].filter(({ ref }) => !named.has(`${ref.kind}/${ref.name}`));
  const kept = removal.keptVolumes.map((name) => {
    const message = `Its policy keeps volume ${name} and the data in it: delete it if that is unwanted.`;
    return line({ apiVersion: 'v1', kind: 'PersistentVolume', name }, 'applied', 'Retained', message);
  });
  return [...held, ...kept, ...left.map(({ ref }) => line(ref, 'deleting'))];
}

function replicasIn({ objects }: Instance): Replicas | undefined {
  const counts = [...objects.values()].flatMap(({ replicas }) => (replicas ? [replicas] : []));
  if (counts.length === 0) return undefined;
  return counts.reduce((a, b) => ({ desired: a.desired + b.desired, ready: a.ready + b.ready }));
}

function phaseOf(instance: Instance, lines: readonly ObjectLine[], replicas: Replicas | undefined): Status['phase'] {
  const states = [...instance.objects.values()];
  if (states.some(({ problem }) => problem?.blocked)) return 'failed';
  if (instance.adopted !== instance.record.revision || !states.every(isApplied)) return 'applying';
  const own = lines.slice(-states.length);
  const any = (some: readonly ObjectLine[], state: string) => some.some((one) => one.state === state);
  if (own.every((one) => one.state === 'ready')) return 'ready';
  const serves = replicas !== undefined && replicas.ready > 0;
  if (any(lines, 'failed')) return serves ? 'degraded' : 'failed';
  return any(own, 'degraded') ? 'degraded' : 'applied';
}
