import { createHash } from 'node:crypto';
import { tombstoneDigest } from '@runos/agent-protocol';
import { type Health, type HealthState, type Replicas, toMebibytes } from '@runos/kube-kinds';
import { type ObjectRef, printRef, refKey } from '@runos/kube-objects';
import { failureReason, type WatchFailures } from '../informers/watch-failures.js';
import type { Instance } from '../instances/instance.js';
import type { Problem } from '../instances/instance-facts.js';
import type { ObjectState } from '../instances/object-state.js';
import { worstFirst } from './object-order.js';
import type { ObjectStatus, Status } from './plane-client.js';
import { isPrunePending, refusedPrunes } from './prune-status.js';
import { conditionsOf, dataRisksOf } from './status-conditions.js';

/** A status carries at most this many objects, the worst first. */
const maxObjects = 50;
const maxMessageLength = 4_096;
const maxReasonLength = 128;

/** The current status of an instance. `failures`: what the agent cannot observe. */
export function composeStatus(instance: Instance, failures: WatchFailures): Status {
  const { osid, generation, digest, removing } = instance.record;
  const objects = removing ? removalObjects(instance) : bundleObjects(instance, failures);
  const replicas = removing ? undefined : sumReplicas(instance);
  const { capacity } = instance.claimSizes;
  const phase = removing ? (instance.removal?.isDone ? 'gone' : 'deleting') : phaseOf(instance, objects, replicas);
  return {
    osid: osid as Status['osid'],
    generation,
    digest: removing ? tombstoneDigest : digest,
    phase,
    conditions: conditionsOf(instance, { phase, objects, failures }),
    objects: withOneLog(worstOfEach(worstFirst(objects)).slice(0, maxObjects)),
    ...(replicas === undefined ? {} : { replicas }),
    ...(removing || capacity === undefined ? {} : { volumeCapacityMb: toMebibytes(capacity) }),
    ...(instance.drifts.length > 0 ? { drift: [...instance.drifts] } : {}),
  };
}

/** An object has one status: what explains it, such as pods that cannot be created, replaces its own. */
function worstOfEach(ordered: readonly ObjectStatus[]): ObjectStatus[] {
  const known = new Set<string>();
  return ordered.filter((status) => known.size < known.add(refKey(status)).size);
}

/** The log of the worst object explains the others: their pods have the same template. */
function withOneLog(ordered: readonly ObjectStatus[]): ObjectStatus[] {
  const explained = ordered.find(({ log }) => log !== undefined);
  return ordered.map((status) => {
    const { log: _, ...rest } = status;
    return status === explained ? status : rest;
  });
}

/** Equal for equal statuses. Drifts are events and not part of it. */
export const statusHash = ({ drift: _, ...status }: Status): string =>
  createHash('sha256').update(JSON.stringify(status)).digest('base64url');

/** Status of one object, without empty reasons and messages. */
function objectStatus(
  { apiVersion, kind, namespace, name }: ObjectRef,
  state: string,
  reason = '',
  message = '',
): ObjectStatus {
  return {
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    state,
    ...(reason === '' ? {} : { reason: reason.slice(0, maxReasonLength) }),
    ...(message === '' ? {} : { message: message.slice(0, maxMessageLength) }),
  };
}

const stateOf: Record<HealthState, string> = {
  ready: 'ready',
  progressing: 'applied',
  degraded: 'degraded',
  failed: 'failed',
};

const healthStatus = (ref: ObjectRef, { state, reason, message, log = [] }: Health): ObjectStatus => ({
  ...objectStatus(ref, stateOf[state], state === 'ready' ? '' : reason, message),
  ...(log.length === 0 ? {} : { log: [...log] }),
});

function bundleObjects(instance: Instance, failures: WatchFailures): ObjectStatus[] {
  return [
    ...refusedPrunes(instance).map(({ entry, message }) => objectStatus(entry, 'failed', 'DeletionRefused', message)),
    // They explain an object better than its own status does, so they come first.
    ...[...dataRisksOf(instance), ...shortClaims(instance), ...instance.dependents.list()].map(({ ref, health }) =>
      healthStatus(ref, health),
    ),
    ...[...instance.objects.values()].map((state) => bundleObject(state, instance, failures)),
  ];
}

const shortClaims = ({ claimSizes }: Instance) => claimSizes.problems.filter(({ isShort }) => isShort);

/** It was deleted, and the drift policy leaves it so. */
const isMissing = ({ reported }: Pick<ObjectState, 'reported'>): boolean => reported.fields?.length === 0;

const problemState = ({ blocked, overridden }: Problem): string =>
  blocked ? 'failed' : overridden ? 'degraded' : 'pending';

function bundleObject(state: ObjectState, { dependents, kinds }: Instance, failures: WatchFailures): ObjectStatus {
  const { ref, problem, isTerminating, isApplied, hasLostKind } = state;
  if (problem)
    return objectStatus(ref, hasLostKind ? 'failed' : problemState(problem), problem.reason, problem.message);
  if (isTerminating) {
    return objectStatus(
      ref,
      'deleting',
      'Terminating',
      `${printRef(ref)} is being deleted and is recreated after that.`,
    );
  }
  if (isMissing(state)) {
    return objectStatus(ref, 'failed', 'Missing', `${printRef(ref)} was deleted. The drift policy only reports this.`);
  }
  if (!isApplied) return objectStatus(ref, 'pending');
  const health = dependents.pods.judge(state, kinds);
  const failed = health?.state === 'ready' ? undefined : failures.find(ref);
  if (failed !== undefined) return objectStatus(ref, 'applied', failureReason(failed), failed.message);
  return health === undefined ? objectStatus(ref, 'applied') : healthStatus(ref, health);
}

function removalObjects({ removal, objects }: Instance): ObjectStatus[] {
  if (removal === undefined || removal.isDone) return [];
  const blockers = removal.blocked.blockers.map(({ ref, health }) =>
    objectStatus(ref, 'deleting', health.reason, health.message),
  );
  const named = new Set(blockers.map(({ kind, name }) => `${kind}/${name}`));
  const others = [...objects].flatMap(([key, { ref }]) =>
    named.has(`${ref.kind}/${ref.name}`) || !removal.isUndeleted(key) ? [] : [ref],
  );
  const retained = removal.retainedVolumes.map((name) => {
    const message = `The reclaim policy retains volume ${name} and its data: delete it if you do not need it.`;
    return objectStatus({ apiVersion: 'v1', kind: 'PersistentVolume', name }, 'applied', 'Retained', message);
  });
  return [...blockers, ...retained, ...others.map((ref) => objectStatus(ref, 'deleting'))];
}

function sumReplicas({ objects }: Instance): Replicas | undefined {
  const counts = [...objects.values()].flatMap((state) => {
    const { replicas } = state;
    if (replicas === undefined) return [];
    const { desired, ready, outdated = 0 } = replicas;
    if (isMissing(state)) return [{ desired, ready: 0, outdated: 0 }];
    // Until the desired content is applied, all pods have an earlier one.
    return [{ desired, ready, outdated: state.isSameContent ? outdated : ready }];
  });
  if (counts.length === 0) return undefined;
  const sum = (field: keyof (typeof counts)[number]) => counts.reduce((total, each) => total + each[field], 0);
  const outdated = sum('outdated');
  return { desired: sum('desired'), ready: sum('ready'), ...(outdated === 0 ? {} : { outdated }) };
}

function phaseOf(
  instance: Instance,
  objects: readonly ObjectStatus[],
  replicas: Replicas | undefined,
): Status['phase'] {
  const states = [...instance.objects.values()];
  const serves = replicas !== undefined && replicas.ready > 0;
  const isBlocked = ({ problem, hasLostKind }: ObjectState) => (problem?.blocked && !problem.keepsData) || hasLostKind;
  if (states.some(isBlocked)) return 'failed';
  if (states.some(({ problem }) => problem?.keepsData)) return serves ? 'degraded' : 'failed';
  if (instance.isOutdated || !states.every(({ isApplied }) => isApplied) || isPrunePending(instance)) return 'applying';
  const own = objects.slice(-states.length);
  const hasState = (statuses: readonly ObjectStatus[], state: string) => statuses.some((one) => one.state === state);
  const isAtRisk = dataRisksOf(instance).length > 0;
  const short = shortClaims(instance);
  const isComplete = refusedPrunes(instance).length === 0 && !isAtRisk && short.length === 0;
  if (own.every((one) => one.state === 'ready') && isComplete) return 'ready';
  if (hasState(objects, 'failed')) return serves ? 'degraded' : 'failed';
  const isRefused = short.some(({ health }) => health.state === 'degraded');
  return isAtRisk || isRefused || hasState(own, 'degraded') ? 'degraded' : 'applied';
}
