import { crashLoop, failedProbe, type Health, notReady, restartedByProbe } from '@runos/kube-kinds';
import { type KubeObject, mapAt, mapsIn, numberOf, type ObjectRef, refOf, textOf } from '@runos/kube-objects';
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

/** A pod whose container ends again and again. */
interface Crash {
  readonly ref: ObjectRef;
  readonly health: Health;
  /** The last run of each container. */
  readonly runs: readonly Run[];
}

interface Run {
  /** Times, ms; NaN: not known. */
  readonly start: number;
  readonly end: number;
  /** The least duration, ms, after which each probe restarts the container. */
  readonly restartedAfter: { readonly startup: number; readonly liveness: number };
}

interface Probed {
  /** The last failure of the readiness or startup probe. */
  readonly unready?: FailedProbe | undefined;
  /** The last failure of the liveness or startup probe, which restarts the container. */
  readonly restarted?: FailedProbe | undefined;
  /** The pod, while it is known to be not ready. */
  readonly ref?: ObjectRef | undefined;
  /** Set while the pod is known to crash. */
  readonly crash?: Crash | undefined;
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
      const crash = { ref, health, runs: runsOf(pod) };
      this.#pods.set(uid, { ...known, ref: undefined, crash });
      return explainCrash(crash, known?.restarted);
    }
    if (health.reason === notReady) {
      this.#pods.set(uid, { ...known, ref, crash: undefined });
      return known?.unready === undefined ? health : failedProbe(ref.name, known.unready.message);
    }
    if (health.state === 'ready') this.#pods.delete(uid);
    else if (known !== undefined) this.#pods.set(uid, { ...known, ref: undefined, crash: undefined });
    return health;
  }

  /**
   * Records an event of the kubelet about a probe. Returns the pod if this event changes its health.
   * @param redact only applied to a message that is new
   */
  record(uid: string, event: KubeObject, redact: Redact): Dependent | undefined {
    const message = textOf(event['message']) ?? '';
    const at = Date.parse(textOf(event['lastTimestamp']) ?? '');
    const known = this.#pods.get(uid) ?? {};
    const next = (earlier: FailedProbe | undefined): FailedProbe => {
      const isSame = earlier !== undefined && withoutNumbers(earlier.message) === withoutNumbers(message);
      return { message: isSame ? earlier.message : redact(message), at };
    };
    const unready = probes.unready.test(message) ? next(known.unready) : known.unready;
    const restarted = probes.restarted.test(message) ? next(known.restarted) : known.restarted;
    const probed = { ...known, unready, restarted };
    this.#pods.set(uid, probed);
    return changedHealth(known, probed);
  }

  remove(uid: string): void {
    this.#pods.delete(uid);
  }
}

function changedHealth(before: Probed, { ref, crash, unready, restarted }: Probed): Dependent | undefined {
  if (crash !== undefined) {
    const health = explainCrash(crash, restarted);
    return health.message === explainCrash(crash, before.restarted).message ? undefined : { ref: crash.ref, health };
  }
  const isNew = unready !== undefined && unready.message !== before.unready?.message;
  return isNew && ref ? { ref, health: failedProbe(ref.name, unready.message) } : undefined;
}

/** The crash itself, unless a probe has ended the last run of a container. */
function explainCrash({ ref, health, runs }: Crash, probe: FailedProbe | undefined): Health {
  if (probe === undefined || !runs.some((run) => mayHaveEnded(run, probe))) return health;
  const { log } = health;
  return { ...restartedByProbe(ref.name, probe.message), ...(log === undefined ? {} : { log }) };
}

/** Times of containers are whole seconds. */
const precisionMs = 1_000;

/**
 * Whether the failure is of this run and shortly before its end. The run was also long enough for all failures that the
 * kubelet waits for. A program that ends by itself also fails a probe of that moment. An unknown time matches.
 */
function mayHaveEnded({ start, end, restartedAfter }: Run, { message, at }: FailedProbe): boolean {
  const least = message.startsWith('Startup') ? restartedAfter.startup : restartedAfter.liveness;
  return !(at < start) && !(end - at > maxEndMs) && !(end - start + precisionMs < least);
}

function runsOf(pod: KubeObject): readonly Run[] {
  const containers = new Map(mapsIn(mapAt(pod, 'spec')['containers']).map((each) => [textOf(each['name']), each]));
  return statusesOf(pod).map((status) => {
    const { startedAt, finishedAt } = mapAt(status, 'lastState', 'terminated');
    const container = containers.get(textOf(status['name'])) ?? {};
    const [startup, liveness] = [leastMs(container, 'startupProbe'), leastMs(container, 'livenessProbe')];
    const [start, end] = [Date.parse(textOf(startedAt) ?? ''), Date.parse(textOf(finishedAt) ?? '')];
    return { start, end, restartedAfter: { startup, liveness } };
  });
}

/** The time, ms, in which a probe fails as often as it must. A field that is not there counts as 0. */
function leastMs(container: Readonly<Record<string, unknown>>, name: string): number {
  const probe = mapAt(container, name);
  const [delay, period, failures] = ['initialDelaySeconds', 'periodSeconds', 'failureThreshold'].map(
    (field) => numberOf(probe[field]) ?? 0,
  ) as [number, number, number];
  return (delay + period * Math.max(failures - 1, 0)) * 1_000;
}
