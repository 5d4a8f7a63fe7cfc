import type { Drift } from '../bundles/bundle-record.js';
import type { Instance } from '../instances/instance.js';
import { composeStatus, statusHash } from './compose-status.js';
import type { Status } from './status.js';
import type { Uplink } from './uplink.js';

export interface CourierEvents {
  /** The plane knows that nothing is left. */
  gone(instance: Instance): void;
  /** There is something new to note. */
  noted(instance: Instance): void;
}

interface Said {
  readonly status: Status;
  readonly hash: string;
  readonly drifts: readonly Drift[];
  /** What the instance was asked to be then. */
  readonly revision: number;
}

/** Tells the plane how instances are: on change only, and each drift once. */
export class StatusCourier {
  readonly #told = new Map<string, { hash: string | undefined; drifts: ReadonlySet<Drift> }>();
  #silent = true;

  constructor(
    private readonly uplink: Uplink,
    private readonly events: CourierEvents,
  ) {}

  /** Says nothing before this: what is around the instances is known from here on. */
  begin(): void {
    this.#silent = false;
  }

  /** Something may have changed; says so if it has. */
  changed(instance: Instance): void {
    if (this.#silent || !known(instance)) return;
    const status = composeStatus(instance);
    const hash = statusHash(status);
    const told = this.#told.get(instance.osid) ?? { hash: instance.acknowledged, drifts: new Set() };
    if (hash === told.hash && instance.drifts.every((drift) => told.drifts.has(drift))) return;
    this.#told.set(instance.osid, { hash, drifts: new Set(instance.drifts) });
    const said = { status, hash, drifts: instance.drifts, revision: instance.record.revision };
    this.uplink.post(status, status.phase === 'gone', () => this.#acknowledged(instance, said), instance.asked);
  }

  /** Says it again even if it was acknowledged: somebody asked for this very bundle anew. */
  repeat(instance: Instance): void {
    this.#told.set(instance.osid, { hash: undefined, drifts: new Set() });
    this.changed(instance);
  }

  forget(osid: string): void {
    this.#told.delete(osid);
  }

  #acknowledged(instance: Instance, { status, hash, drifts, revision }: Said): void {
    instance.drifts = instance.drifts.filter((drift) => !drifts.includes(drift));
    instance.acknowledged = hash;
    if (status.phase === 'ready') instance.finished = revision;
    instance.notesDue = true;
    if (status.phase !== 'gone' || instance.removal === undefined) return this.events.noted(instance);
    instance.removal.acknowledged = true;
    this.events.gone(instance);
  }
}

/** After a restart nothing is said before the watches have told how things are: silence is better than a guess. */
const known = ({ objects }: Instance): boolean =>
  [...objects.values()].every(({ baseline, version, deviation }) => !baseline || version !== undefined || deviation);
