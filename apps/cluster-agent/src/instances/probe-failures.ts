import { crashLoop, failedProbe, type Health, notReady, restartedByProbe } from '@runos/kube-kinds';
import { type KubeObject, mapAt, type ObjectRef, refOf, textOf } from '@runos/kube-objects';
import type { Redact } from '../secrets/redact-secrets.js';
import { statusesOf } from './crash-logs.js';
import type { Dependent } from './instance-facts.js';
import { withoutNumbers } from './without-numbers.js';

/** The words of the kubelet about a probe. */
interface FailedProbe {
  readonly message: string;
  /** When it failed last, ms; NaN: the event does not state it. */
  readonly at: number;
}

interface Probed {
  /** The last failure of the readiness or startup probe. */
  readonly unready?: FailedProbe;
  /** The last failure of the liveness or startup probe, which restarts the container. */
  readonly restarted?: FailedProbe;
  /** The pod, while it is known to be not ready. */
  readonly ref?: ObjectRef;
}

/** The kubelet waits for the end of a container: the longest grace period of our types, and a margin. */
const maxEndMs = 90_000;

/** The probes that keep a pod unready, and those whose failure restarts its container. */
const probes = { unready: /^(?:Readiness|Startup) probe /, restarted: /^(?:Liveness|Startup) probe / } as const;

/**
 * Why pods of one instance are not ready or restarted, by their uids. The output of a probe is in events of the kubelet
 * alone. The status of a pod only names the container that is not ready, or its exit code.
 */
export class ProbeFailures {
  readonly #pods = new Map<string, Probed>();

  /** The health of a live pod, with the output of its probe. The output is forgotten when the pod is ready. */
  explain(pod: KubeObject, health: Health): Health {
    const uid = pod.metadata.uid ?? '';
    const known = this.#pods.get(uid);
    const ref = refOf(pod);
    if (health.reason === crashLoop) {
      const probe = known?.restarted;
      const { log } = health;
      if (probe === undefined || !hasEndedBy(pod, probe)) return health;
      return { ...restartedByProbe(ref.name, probe.message), ...(log === undefined ? {} : { log }) };
    }
    if (health.reason !== notReady) {
      if (health.state === 'ready') this.#pods.delete(uid);
      return health;
    }
    this.#pods.set(uid, { ...known, ref });
    return known?.unready === undefined ? health : failedProbe(ref.name, known.unready.message);
  }

  /**
   * Records an event of the kubelet about a probe. Returns the pod if it is not ready and this event has a new message.
   * @param redact only applied to a message that is new
   */
  record(uid: string, event: KubeObject, redact: Redact): Dependent | undefined {
    const message = textOf(event['message']) ?? '';
    const at = Date.parse(textOf(event['lastTimestamp']) ?? '');
    const known = this.#pods.get(uid);
    const next = (earlier: FailedProbe | undefined): FailedProbe => {
      const isSame = earlier !== undefined && withoutNumbers(earlier.message) === withoutNumbers(message);
      return { message: isSame ? earlier.message : redact(message), at };
    };
    const [isUnready, isRestarted] = [probes.unready.test(message), probes.restarted.test(message)];
    if (!isUnready && !isRestarted) return undefined;
    const unready = isUnready ? next(known?.unready) : known?.unready;
    const restarted = isRestarted ? next(known?.restarted) : known?.restarted;
    const ref = known?.ref;
    this.#pods.set(uid, {
      ...(unready && { unready }),
      ...(restarted && { restarted }),
      ...(ref && { ref }),
    });
    const isNew = unready !== undefined && unready.message !== known?.unready?.message;
    return isNew && ref ? { ref, health: failedProbe(ref.name, unready.message) } : undefined;
  }

  remove(uid: string): void {
    this.#pods.delete(uid);
  }
}

/** Whether the probe failed in the last run of a container, shortly before its end. An unknown time matches. */
const hasEndedBy = (pod: KubeObject, { at }: FailedProbe): boolean =>
  statusesOf(pod).some((status) => {
    const { startedAt, finishedAt } = mapAt(status, 'lastState', 'terminated');
    const [start, end] = [startedAt, finishedAt].map((time) => Date.parse(textOf(time) ?? ''));
    return !(at < Number(start)) && !(Number(end) - at > maxEndMs) && end !== undefined;
  });
