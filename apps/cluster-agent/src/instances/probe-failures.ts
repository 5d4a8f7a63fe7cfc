import { failedProbe, type Health, notReady } from '@runos/kube-kinds';
import { type KubeObject, type ObjectRef, refOf } from '@runos/kube-objects';
import type { Dependent } from './instance-facts.js';

interface Probed {
  /** The words of the kubelet. */
  readonly message?: string;
  /** The pod, while it is known to be not ready. */
  readonly ref?: ObjectRef;
}

/**
 * Why pods of one instance are not ready, by their uids. The output of a readiness probe is in events of the kubelet
 * alone. The status of a pod only names the container that is not ready.
 */
export class ProbeFailures {
  readonly #pods = new Map<string, Probed>();

  /** The health of a live pod, with the output of its probe. The output is forgotten when the pod is ready. */
  explain(pod: KubeObject, health: Health): Health {
    const uid = pod.metadata.uid ?? '';
    if (health.reason !== notReady) {
      this.#pods.delete(uid);
      return health;
    }
    const ref = refOf(pod);
    const { message } = this.#pods.get(uid) ?? {};
    this.#pods.set(uid, { ref, message });
    return message === undefined ? health : failedProbe(ref.name, message);
  }

  /** Records an event of the kubelet. Returns the pod if it is not ready and this event has a new message. */
  record(uid: string, message: string): Dependent | undefined {
    const known = this.#pods.get(uid);
    if (known?.message !== undefined && withoutNumbers(known.message) === withoutNumbers(message)) return undefined;
    const ref = known?.ref;
    this.#pods.set(uid, { ref, message });
    return ref && { ref, health: failedProbe(ref.name, message) };
  }

  remove(uid: string): void {
    this.#pods.delete(uid);
  }
}

/** Times and counters change with every probe, and every change would be reported. */
const withoutNumbers = (message: string): string => message.replaceAll(/\d/g, '');
