import { createHash } from 'node:crypto';
import {
  type Health,
  type InventoryEntry,
  type KubeObject,
  type ObjectRef,
  refKey,
  refOf,
  unpackVerifiedObjects,
} from '@runos/kube-objects';
import { type Carrier, counter } from '@runos/observability';
import type { BundleRecord, Drift, Notes } from '../bundles/bundle-record.js';
import type { ObjectState } from './object-state.js';
import { merged, type Todo } from './todo.js';

/** Something that is not in the bundle but tells how it is: a pod, a claim, a controller that may not create pods. */
export interface Dependent {
  readonly ref: ObjectRef;
  readonly health: Health;
}

/** A manager that keeps undoing our repairs. */
export interface Contest {
  readonly ref: ObjectRef;
  readonly manager: string | null;
  readonly fields: readonly string[];
}

/** Where a removal stands. */
export interface Removal {
  readonly startedAt: number;
  /** Everything is proven gone. */
  done: boolean;
  /** The plane knows that. */
  acknowledged: boolean;
  /** What Kubernetes holds up, once it takes long. */
  heldUp: readonly Dependent[];
  reason: string;
  message: string;
  /** Names of the volumes behind its claims, kept or not. */
  readonly volumes: Set<string>;
  /** Names of those that the cluster's policy keeps. */
  keptVolumes: readonly string[];
}

/** Unacknowledged drifts beyond this are dropped, oldest first: a status carries no more. */
const driftsKept = 50;

/** Of an object read from a bundle, whose JSON is canonical already. */
const hashOf = (object: KubeObject): string => createHash('sha256').update(JSON.stringify(object)).digest('base64url');

const drifted = counter('runos_drift_total');

/** One instance as the agent knows it. Turns change it one at a time; watch events only add things to do. */
export class Instance {
  readonly objects = new Map<string, ObjectState>();
  readonly todo = new Map<string, Todo>();
  readonly dependents = new Map<string, Dependent>();
  readonly contests = new Map<string, Contest>();
  /** The revision that `objects` stands for; the record may be ahead of it until the next turn. */
  adopted = 0;
  drifts: readonly Drift[] = [];
  removal?: Removal;
  /** Its namespace is being deleted: nothing can be made in it before that has ended. */
  namespaceEnding = false;
  /** The plane does not know it. */
  orphaned = false;
  dataLost?: string;
  acknowledged?: string;
  /** Of the write that asked for what is still to do. */
  trace?: Carrier;
  /** The revision that the plane knows to be ready. */
  finished: number;
  /** There is something in the notes that is not stored yet. */
  notesDue = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(public record: BundleRecord) {
    this.acknowledged = record.notes.acknowledged;
    this.dataLost = record.notes.dataLost;
    this.drifts = record.notes.drifts ?? [];
    this.finished = record.notes.finished ?? 0;
  }

  get osid(): string {
    return this.record.osid;
  }

  /** The trace of a write whose end the plane has not heard of yet. */
  get asked(): Carrier | undefined {
    return this.finished < this.record.revision ? this.record.trace : undefined;
  }

  /** Runs `work` when no other exclusive work of this instance is under way: whoever writes the record. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.catch(() => undefined).then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** The objects as they were rendered, by key. Unpacked anew each time: the agent holds no objects. */
  rendered(): Map<string, KubeObject> {
    if (this.record.removing) return new Map();
    return new Map(unpackVerifiedObjects(this.record.objectsGz).map((object) => [refKey(refOf(object)), object]));
  }

  /** Takes the record's bundle as the one to keep: what is new in it, or differs from what was applied, is to do. */
  adopt(rendered: ReadonlyMap<string, KubeObject>): void {
    const known = new Map(this.objects);
    this.objects.clear();
    for (const [key, object] of rendered) {
      const old = known.get(key);
      const baseline = old?.baseline ?? this.record.notes.baselines[key];
      const state: ObjectState = {
        ending: false,
        recreating: false,
        ...old,
        ref: refOf(object),
        wanted: hashOf(object),
        baseline,
      };
      delete state.problem;
      this.objects.set(key, state);
      if (baseline?.wanted !== state.wanted || old?.problem || old?.deviation) this.todo.set(key, { why: 'apply' });
    }
    for (const key of this.todo.keys()) if (!this.objects.has(key)) this.todo.delete(key);
    this.adopted = this.record.revision;
  }

  /** Notes that something is to be done about an object of the bundle. */
  plan(key: string, todo: Todo): void {
    if (this.objects.has(key)) this.todo.set(key, merged(this.todo.get(key), todo));
  }

  /** Everything but `made` is to be applied again, as after the loss of the namespace. */
  planAll(made: string): void {
    for (const [key, state] of this.objects) {
      if (key === made) continue;
      delete state.baseline;
      delete state.version;
      state.ending = false;
      this.todo.set(key, { why: 'apply' });
    }
  }

  addDrift(drift: Drift): void {
    drifted.add(1, { action: drift.action });
    this.drifts = [...this.drifts, drift].slice(-driftsKept);
    this.notesDue = true;
  }

  /** The inventory with every uid that is known by now. */
  inventory(): InventoryEntry[] {
    return this.record.inventory.map((entry) => {
      const uid = this.objects.get(refKey(entry))?.baseline?.uid ?? entry.uid;
      return uid === undefined ? entry : { ...entry, uid };
    });
  }

  notes(): Notes {
    const baselines = [...this.objects].flatMap(([key, { baseline }]) => (baseline ? [[key, baseline] as const] : []));
    return {
      baselines: Object.fromEntries(baselines),
      ...(this.acknowledged === undefined ? {} : { acknowledged: this.acknowledged }),
      ...(this.finished === 0 ? {} : { finished: this.finished }),
      ...(this.dataLost === undefined ? {} : { dataLost: this.dataLost }),
      ...(this.drifts.length === 0 ? {} : { drifts: this.drifts }),
    };
  }
}
