import { type KubeObject, mapAt, mapsIn, numberOf, textOf } from '@runos/kube-objects';
import { failureCause } from './failure-cause.js';
import { isPullFailure, pullFailureCause, registryOf } from './image-pull-failure.js';
import { degraded, failed, type Health, progressing, ready, sentence } from './health.js';
import { conditionOf } from './object-conditions.js';

/** The reason of a pod whose container ends again and again. */
export const crashLoop = 'CrashLoopBackOff';

/** Remedies per waiting reason of a container. Transient reasons are not listed. */
const waitingRemedies: Readonly<Record<string, string>> = {
  ImagePullBackOff: 'Check that the image and its tag exist and that the cluster may pull it.',
  ErrImageNeverPull: 'The node lacks the image and must not pull it: import the image on the node.',
  InvalidImageName: 'Correct the name of the image.',
  [crashLoop]: 'It starts and ends again and again: read the logs of its last run.',
  CreateContainerConfigError: 'A Secret or ConfigMap it refers to is missing or lacks a key.',
  CreateContainerError: 'The node could not create it: look at the events of the pod.',
  RunContainerError: 'The node could not start it: check command and volumes.',
};

/** The words of the kubelet about an image whose user is root, or is a name, where a container must not run as root. */
const rootImage = /runAsNonRoot|non-root/;

/** The remedy for a waiting reason of `waitingRemedies`, with the words of the kubelet. */
function waitingRemedy(reason: string, message: string): string {
  const remedy = waitingRemedies[reason] ?? '';
  if (reason !== 'CreateContainerConfigError') return remedy;
  if (rootImage.test(message)) {
    return 'Containers must not run as root here: build the image with a numeric USER other than 0.';
  }
  return /\bsubPath\b/.test(message) ? 'Check the paths in the volumes of the pod.' : remedy;
}

/** One reason for all failures of a pull avoids a status report per attempt. */
const stableReason = (reason: string): string => (isPullFailure(reason) ? 'ImagePullBackOff' : reason);

/** The remedy for a reason that stops a pod from running. */
export const remedyFor = (reason: string): string =>
  waitingRemedies[stableReason(reason)] ??
  (reason === 'Unschedulable' ? 'Add a node or choose a smaller class.' : 'Look at the events of its pods.');

/** Health of a Pod by its phase, its conditions and the states of its containers. */
export function podHealth(pod: KubeObject): Health {
  const name = `Pod ${pod.metadata.name}`;
  const status = mapAt(pod, 'status');
  const phase = textOf(status['phase']);
  if (pod.metadata.deletionTimestamp) return progressing('Terminating', `${name} is ending.`);
  if (phase === 'Succeeded') return ready('Completed');
  if (phase === 'Failed') {
    const causes = containersOf(pod).map((container) => causeOf(mapAt(container, 'state', 'terminated')));
    const why = textOf(status['message']) ?? `its containers ended with an error${causes.find(Boolean) ?? ''}`;
    return failed(textOf(status['reason']) ?? 'PodFailed', `${name} failed: ${sentence(why)} Read its logs.`);
  }
  return stuckContainer(pod, name) ?? unscheduled(pod, name) ?? running(pod, name);
}

function containersOf(pod: KubeObject) {
  const status = mapAt(pod, 'status');
  return [...mapsIn(status['initContainerStatuses']), ...mapsIn(status['containerStatuses'])];
}

/** One failed run may be a program that started before what it needs. */
const minRestarts = 2;

/**
 * Whether a container runs again after a failed run, and the pod was not ready in between. Such a container waits only
 * for a part of the time, and its state must not depend on that.
 */
function isCrashing(pod: KubeObject, container: Readonly<Record<string, unknown>>): boolean {
  const conditions = mapsIn(mapAt(pod, 'status')['conditions']);
  const unready = conditions.find(({ type, status }) => type === 'Ready' && status === 'False');
  const ended = mapAt(container, 'lastState', 'terminated');
  const hasFailed =
    (numberOf(ended['exitCode']) ?? 0) !== 0 && (numberOf(container['restartCount']) ?? 0) >= minRestarts;
  const [since, endedAt] = [unready?.['lastTransitionTime'], ended['finishedAt']].map((at) =>
    Date.parse(textOf(at) ?? ''),
  );
  return hasFailed && container['ready'] !== true && Number(endedAt) > Number(since);
}

function stuckContainer(pod: KubeObject, name: string): Health | undefined {
  for (const container of containersOf(pod)) {
    const waiting = mapAt(container, 'state', 'waiting');
    const isRestarted = textOf(waiting['reason']) === undefined && isCrashing(pod, container);
    const reason = isRestarted ? crashLoop : stableReason(textOf(waiting['reason']) ?? '');
    if (waitingRemedies[reason] === undefined) continue;
    const ended = mapAt(container, 'lastState', 'terminated');
    if (textOf(ended['reason']) === 'OOMKilled') {
      return failed('OOMKilled', `${name} needs more memory than its limit and was ended: choose a larger class.`);
    }
    const remedy = waitingRemedy(reason, textOf(waiting['message']) ?? '');
    return failed(reason, `${describeFailure(name, reason, container)} ${remedy}`);
  }
  return undefined;
}

/** `: <cause>` if the termination message of a container has one. */
function causeOf(terminated: Readonly<Record<string, unknown>>): string {
  const cause = failureCause(textOf(terminated['message']) ?? '');
  return cause === undefined ? '' : `: ${cause}`;
}

/**
 * Omits text of Kubernetes that changes with every attempt, because every change would be reported.
 * @param reason as `stableReason` gives it
 */
function describeFailure(name: string, reason: string, container: Readonly<Record<string, unknown>>): string {
  const image = textOf(container['image']) ?? 'its image';
  const message = textOf(mapAt(container, 'state', 'waiting')['message']) ?? '';
  const exit = numberOf(mapAt(container, 'lastState', 'terminated')['exitCode']);
  if (reason === 'ImagePullBackOff') {
    const failure = `${name} cannot pull ${image} from registry ${registryOf(image)}`;
    return sentence([failure, pullFailureCause(message)].filter(Boolean).join(': '));
  }
  if (reason === crashLoop) {
    const ending = `${name} keeps ending${exit === undefined ? '' : ` with exit code ${exit}${signalOf(exit)}`}`;
    return sentence([ending, causeOf(mapAt(container, 'lastState', 'terminated'))].join(''));
  }
  return `${name} cannot start ${image}: ${sentence(message || reason)}`;
}

/** Runtimes report a program that a signal has ended as 128 and the number of the signal, as shells do. */
const signalOf = (exitCode: number): string =>
  exitCode > 128 && exitCode <= 128 + 64 ? ` (signal ${exitCode - 128})` : '';

/** Progressing, not failed: volumes may be bound and nodes added later. */
function unscheduled(pod: KubeObject, name: string): Health | undefined {
  const scheduled = conditionOf(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  // The scheduler repeats the end of its message as the result of preemption.
  const why = sentence(scheduled.message).replace(/\b(not found\.)(?: not found\.)+/g, '$1');
  return /persistentvolumeclaim/i.test(why)
    ? progressing('VolumeUnbound', `${name} waits for its volume: ${why} ${volumeRemedy(why)}`)
    : progressing('Unschedulable', `No node takes ${name}: ${why} ${nodeRemedy(why)}`);
}

/** In the words of the scheduler, a claim is missing, ends, names a volume that is gone, or is not bound yet. */
function volumeRemedy(why: string): string {
  const isClaim = why.includes('persistentvolumeclaim "');
  if (isClaim && why.includes('" not found')) {
    return 'The claim does not exist: create it, or correct its name in the volumes of the pod.';
  }
  if (isClaim && why.includes('" is being deleted')) {
    return 'The claim is being deleted: if it stays, look at its finalizers and at the pods that use it.';
  }
  return /non-existent persistentvolume\b/.test(why)
    ? 'The volume of the claim is gone: restore the volume, or create the claim again without its data.'
    : 'Check the storage class of the cluster.';
}

/** The scheduler counts the nodes by cause; a cordoned node is `unschedulable` there. */
function nodeRemedy(why: string): string {
  const [, all] = /\b0\/(\d{1,6}) nodes are available/.exec(why) ?? [];
  const [, cordoned] = /\b(\d{1,6}) node\(s\) were unschedulable/.exec(why) ?? [];
  if (cordoned === undefined) return 'Add a node or choose a smaller class.';
  return cordoned === all
    ? 'Every node is cordoned: uncordon one, or add a node.'
    : 'Uncordon the cordoned nodes, add a node, or choose a smaller class.';
}

/** The reason of a pod that runs and is not ready. Its status has no reason. */
export const notReady = 'PodNotReady';

/** What programs write about a full volume: ENOSPC and EDQUOT of POSIX, in the words of the C library. */
const fullVolume = /no space left on device|disk quota exceeded/i;

/**
 * Health of a pod that is not ready, with the cause.
 * @param message the words of the kubelet about the readiness probe, with its output
 */
export function failedProbe(pod: string, message: string): Health {
  const why = `Pod ${pod} runs but is not ready: ${sentence(message)}`;
  return fullVolume.test(message)
    ? degraded('DiskFull', `${why} Its volume is full: let its storage grow if its type can, or delete data.`)
    : degraded(notReady, `${why} Read its logs.`);
}

/**
 * Health of a pod whose container the kubelet restarts again and again because of a probe.
 * @param message the words of the kubelet about the liveness or startup probe, with its output
 */
export function restartedByProbe(pod: string, message: string): Health {
  const [probe = 'Liveness'] = message.split(' ', 1);
  const remedy = 'Correct the health check, or the program that fails it.';
  return failed(`${probe}ProbeFailed`, `Pod ${pod} is restarted again and again: ${sentence(message)} ${remedy}`);
}

function running(pod: KubeObject, name: string): Health {
  const isReady = conditionOf(pod, 'Ready');
  if (isReady?.status === 'True') return ready();
  return textOf(mapAt(pod, 'status')['phase']) === 'Running' && conditionOf(pod, 'Initialized')?.status === 'True'
    ? degraded(notReady, `${name} runs but is not ready: ${sentence(isReady?.message || 'no readiness yet')}`)
    : progressing('PodStarting', `${name} is starting.`);
}
