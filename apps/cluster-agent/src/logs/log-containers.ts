import { type KubeObject, mapAt, numberOf, textOf } from '@runos/kube-objects';
import { statusesOf } from '../instances/crash-logs.js';

/** A container of a pod, with what its status reports about its log. */
export interface LogContainer {
  readonly podName: string;
  readonly containerName: string;
  /** Changes with every restart. Undefined until it has started. */
  readonly run: string | undefined;
  readonly isRunning: boolean;
  /** It has run before its current run. */
  readonly hasPrevious: boolean;
  /** Why it has not started, with the words of the kubelet. */
  readonly waiting: string | undefined;
}

/** The containers of a pod, those of its initialisation first. Without a status, none has started. */
export function containersOf(pod: KubeObject): LogContainer[] {
  const { name: podName } = pod.metadata;
  return statusesOf(pod).map((status) => {
    const waiting = mapAt(status, 'state', 'waiting');
    const lastRun = textOf(mapAt(status, 'lastState', 'terminated')['containerID']);
    const restarts = numberOf(status['restartCount']) ?? 0;
    // A container between two runs has the id of the one before.
    const id = textOf(status['containerID']) ?? '';
    return {
      podName,
      containerName: textOf(status['name']) ?? '',
      run: id === '' ? undefined : id,
      isRunning: Object.keys(mapAt(status, 'state', 'running')).length > 0,
      hasPrevious: restarts > 0 || lastRun !== undefined,
      waiting: id === '' ? reasonOf(waiting) : undefined,
    };
  });
}

function reasonOf(waiting: Readonly<Record<string, unknown>>): string {
  const texts = [textOf(waiting['reason']), textOf(waiting['message'])];
  return texts.filter((text) => text !== undefined && text !== '').join(': ') || 'it has not started';
}
