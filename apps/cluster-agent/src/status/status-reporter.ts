import type { Drift } from '../bundles/bundle-record.js';
import type { WatchFailures } from '../informers/watch-failures.js';
import type { Instance } from '../instances/instance.js';
import { composeStatus, statusHash } from './compose-status.js';
import type { PlaneClient } from './plane-client.js';

interface ReportedStatus {
  readonly hash: string | undefined;
  readonly drifts: ReadonlySet<Drift>;
}

/** Reports the status of instances to the plane: only changes, and each drift once. */
export class StatusReporter {
  readonly #reported = new Map<string, ReportedStatus>();
  /** Grows over the streams of a session, so it grows within each: a status that is composed later has a higher number. */
  #sequence = 0;
  #hasStarted = false;

  constructor(
    private readonly plane: PlaneClient,
    private readonly failures: WatchFailures,
    private readonly onAcknowledged: (instance: Instance) => void,
  ) {}

  /** The informers have listed the dependents of all instances, or may not list them: reports are complete from here on. */
  start(): void {
    this.#hasStarted = true;
  }

  /** Reports the status if it has changed. An instance whose first bundle is still being stored has none. */
  report(instance: Instance): void {
    if (!this.#hasStarted || instance.record.revision === 0 || !this.#isObserved(instance)) return;
    const status = composeStatus(instance, this.failures);
    const hash = statusHash(status);
    const reported = this.#reported.get(instance.osid) ?? { hash: instance.acknowledgedStatus, drifts: new Set() };
    const { drifts } = instance;
    if (hash === reported.hash && drifts.every((drift) => reported.drifts.has(drift))) return;
    this.#reported.set(instance.osid, { hash, drifts: new Set(drifts) });
    const { phase } = status;
    const { revision } = instance.record;
    this.#sequence += 1;
    this.plane.sendStatus({
      status: { ...status, sequence: this.#sequence, hash },
      final: phase === 'gone',
      trace: instance.isUnreported ? instance.record.trace : undefined,
      acknowledged: () => {
        instance.recordAcknowledged({ statusHash: hash, drifts, revision, phase });
        this.onAcknowledged(instance);
      },
    });
  }

  /** Reports the status although it was acknowledged, because the plane sent the same bundle again. */
  reportAgain(instance: Instance): void {
    this.#reported.set(instance.osid, { hash: undefined, drifts: new Set() });
    this.report(instance);
  }

  delete(osid: string): void {
    this.#reported.delete(osid);
  }

  /**
   * After a restart nothing is reported before the informers have listed all applied objects that they may list. A
   * removal reads its objects itself, and its Secrets are not watched any more.
   */
  #isObserved({ record, objects }: Instance): boolean {
    if (record.removing) return true;
    return [...objects.values()].every(
      ({ ref, applied, resourceVersion, reported, problem }) =>
        !applied || resourceVersion !== undefined || reported.fields || problem || this.failures.find(ref),
    );
  }
}
