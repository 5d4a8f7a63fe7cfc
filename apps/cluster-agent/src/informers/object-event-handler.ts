import type { Clock } from '@runos/kernel';
import { kindKey } from '@runos/kube-kinds';
import { type KubeObject, ownedHash, refKey, refOf } from '@runos/kube-objects';
import { contentHash } from '../drift/drift-report.js';
import { recordAdditions } from '../drift/record-additions.js';
import { retryBlocked } from '../instances/blocked-changes.js';
import type { Instance } from '../instances/instance.js';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { ObjectState } from '../instances/object-state.js';
import { claimNamespace, type VolumeIndex, volumeKind } from '../removal/volumes.js';
import type { DependentEventHandler } from './dependent-event-handler.js';
import type { WatchedKind } from './watch-failures.js';

export interface ObjectEventHandlerOptions {
  readonly instances: InstanceIndex;
  readonly dependents: DependentEventHandler;
  readonly volumes: VolumeIndex;
  readonly clock: Clock;
  /** Adds the instance to the work queue. */
  enqueue(instance: Instance): void;
  /** The status may have changed. */
  report(instance: Instance): void;
}

/** Handles informer events: records live state and adds pending changes. It never waits, so that watches keep up. */
export class ObjectEventHandler {
  constructor(private readonly options: ObjectEventHandlerOptions) {}

  onAddOrUpdate(object: KubeObject): void {
    const { instances, dependents, volumes } = this.options;
    if (object.kind === volumeKind.kind) {
      volumes.set(object);
      return dependents.onVolume(object);
    }
    const ref = refOf(object);
    const instance = instances.byObject(ref);
    if (instance === undefined) return dependents.onAddOrUpdate(object);
    const key = refKey(ref);
    const state = instance.objects.get(key);
    if (instance.record.removing || state === undefined) return;
    if (state.applied?.uid === object.metadata.uid && state.includes(object.metadata.resourceVersion)) {
      return this.#checkOverwritten(instance, key, state, object);
    }
    if (state.recordObserved(object)) this.#reportObserved(instance, state);
    if (state.ownership.isChanged) this.options.enqueue(instance);
    if (state.isTerminating) {
      if (key === instance.namespaceKey) instance.recordNamespaceTerminating(true);
      return;
    }
    this.#checkDrift(instance, key, state, object);
    if (recordAdditions(instance, state, object, this.options.clock.now())) this.options.report(instance);
  }

  onDelete(object: KubeObject): void {
    if (object.kind === volumeKind.kind) return this.#onVolumeDeleted(object);
    const ref = refOf(object);
    const { instances, dependents, enqueue } = this.options;
    const owner = instances.byObject(ref);
    const instance = owner ?? instances.byNamespace(ref.namespace);
    if (owner === undefined) dependents.onDelete(object);
    if (instance?.record.removing) return enqueue(instance);
    if (owner === undefined) return;
    this.#recordMissing(owner, refKey(ref), object);
    enqueue(owner);
  }

  /** A list of a kind is complete, in the cluster or in one namespace: objects that are not in it were deleted. */
  onListed(watched: WatchedKind, keys: ReadonlySet<string>): void {
    const { dependents, volumes, enqueue } = this.options;
    const kind = kindKey(watched);
    if (kind === kindKey(volumeKind)) volumes.retain((name) => keys.has(refKey({ ...volumeKind, name })));
    for (const instance of this.#instancesIn(watched.namespace)) {
      dependents.onListed(instance, kind, keys);
      if (instance.record.removing) {
        enqueue(instance);
        continue;
      }
      for (const [key, state] of instance.objects) {
        if (kindKey(state.ref) !== kind || keys.has(key) || (!state.applied && !state.isTerminating)) continue;
        this.#recordMissing(instance, key);
        enqueue(instance);
      }
    }
  }

  #instancesIn(namespace: string | undefined): Iterable<Instance> {
    const { instances } = this.options;
    if (namespace === undefined) return instances.all();
    const instance = instances.byNamespace(namespace);
    return instance === undefined ? [] : [instance];
  }

  /** The event is older than our last apply. It is drift only if neither that apply nor the one before made it so. */
  #checkOverwritten(instance: Instance, key: string, state: ObjectState, object: KubeObject): void {
    if (state.writes.includes(object) || object.metadata.deletionTimestamp) return;
    if (!state.writes.haveReplacedUnseen(object)) return;
    if (state.previousOwnedHash === undefined) return; // our first apply created or adopted it
    const hash = ownedHash(object);
    if (hash === state.applied?.ownedHash || hash === state.previousOwnedHash) return;
    instance.addPending(key, { kind: 'overwritten', overwrites: [object] });
    this.options.enqueue(instance);
  }

  #checkDrift(instance: Instance, key: string, state: ObjectState, object: KubeObject): void {
    const { enqueue, report } = this.options;
    const { applied, problem, reported } = state;
    if (problem?.blocked) return this.#checkBlocked(instance, key, state, object);
    if (applied === undefined) {
      if (!problem) return state.recordEarlyEvent(object);
      // The apply that failed may succeed now that the object has changed.
      instance.addPending(key, { kind: 'apply' });
      return enqueue(instance);
    }
    if (object.metadata.uid === applied.uid && !state.hasDrifted(object)) {
      if (reported.contentHash === undefined) return;
      reported.clear();
      return report(instance);
    }
    if (reported.contentHash !== undefined && reported.contentHash === contentHash(object)) return;
    // A further change of an overridden object does not wait for the next attempt. A report would end the attempts.
    const mustApply = problem?.overridden && instance.record.driftPolicy === 'report';
    const change = mustApply ? ({ kind: 'apply' } as const) : ({ kind: 'changed', live: object } as const);
    retryBlocked(instance, key, change);
    instance.addPending(key, change);
    enqueue(instance);
  }

  /** The refused apply may succeed now, unless only the status of the object has changed. */
  #checkBlocked(instance: Instance, key: string, state: ObjectState, object: KubeObject): void {
    if (!state.refused.recordBlocked(contentHash(object))) return;
    const isDrifted = state.applied !== undefined && state.hasDrifted(object);
    retryBlocked(instance, key, isDrifted ? { kind: 'changed', live: object } : { kind: 'apply' });
    this.options.enqueue(instance);
  }

  /** The last objects of a removed instance may be its volumes. */
  #onVolumeDeleted(volume: KubeObject): void {
    const { instances, dependents, volumes, enqueue } = this.options;
    volumes.delete(volume);
    dependents.onVolumeDeleted(volume);
    const instance = instances.byNamespace(claimNamespace(volume));
    if (instance?.record.removing) enqueue(instance);
  }

  /** `left`: its last watched state. A list does not contain it. */
  #recordMissing(instance: Instance, key: string, left?: KubeObject): void {
    const state = instance.objects.get(key);
    if (state === undefined) return;
    state.recordDeleted();
    if (key === instance.namespaceKey) instance.recordNamespaceTerminating(false);
    instance.addPending(key, { kind: 'missing', ...(left && { left }) });
  }

  #reportObserved(instance: Instance, state: ObjectState): void {
    if (state.health?.state === 'ready') this.options.dependents.removeFailedCreate(instance, state.ref);
    this.options.report(instance);
  }
}
