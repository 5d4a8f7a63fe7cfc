import {
  assessHealth,
  failedCreate,
  type Health,
  type KubeObject,
  mapAt,
  type ObjectRef,
  refKey,
  refOf,
  textOf,
} from '@runos/kube-objects';
import type { Clock } from '@runos/kernel';
import { deletion, driftOf } from '../drift/drift-report.js';
import type { Instance } from '../instances/instance.js';
import type { Registry } from '../instances/registry.js';

/** Events of a controller that may not create its pods: the only trace of a quota that a StatefulSet leaves. */
export const failedCreateEvents = { apiVersion: 'v1', kind: 'Event', fieldSelector: 'reason=FailedCreate' } as const;

/** The API server keeps no cache of events and so sends no bookmarks: silence is no sign of a dead connection. */
export const eventWatch = { lifeSeconds: 60 } as const;

/** On the way and nothing to tell of. */
const passing: ReadonlySet<string> = new Set(['PodStarting', 'Terminating']);

/** A Deployment tells in its own status what its ReplicaSets may not do. */
const tellThemselves: ReadonlySet<string> = new Set(['ReplicaSet', 'Deployment']);

/** Keeps what is wrong around an instance: its pods, its claims, pods that may not be made. What is well is not kept. */
export class Dependents {
  constructor(
    private readonly registry: Registry,
    private readonly clock: Clock,
    private readonly changed: (instance: Instance) => void,
  ) {}

  seen(object: KubeObject): void {
    if (object.kind === 'Event') return this.#event(object);
    const ref = refOf(object);
    const instance = this.registry.inhabited(ref);
    if (instance === undefined || instance.record.removing) return;
    this.#set(instance, refKey(ref), ref, assessHealth(object));
  }

  gone(object: KubeObject): void {
    const ref = refOf(object);
    const instance = this.registry.inhabited(ref);
    if (instance === undefined || instance.record.removing) return;
    if (object.kind === 'PersistentVolumeClaim') this.#claimGone(instance, object);
    if (instance.dependents.delete(refKey(ref))) this.changed(instance);
  }

  /** A workload does what it should: what was held against it is over. */
  recovered(instance: Instance, { kind, name }: ObjectRef): void {
    instance.dependents.delete(eventKey(kind, name));
  }

  #event(event: KubeObject): void {
    const involved = mapAt(event, 'involvedObject');
    const [kind, name, namespace] = [textOf(involved['kind']), textOf(involved['name']), textOf(involved['namespace'])];
    const apiVersion = textOf(involved['apiVersion']);
    if (!kind || !name || !namespace || !apiVersion || tellThemselves.has(kind)) return;
    const ref = { apiVersion, kind, namespace, name };
    const instance = this.registry.inhabited(ref);
    const state = instance?.objects.get(refKey(ref));
    if (instance === undefined || state === undefined || state.health?.state === 'ready') return;
    this.#set(instance, eventKey(kind, name), ref, failedCreate(textOf(event['message']) ?? ''));
  }

  #set(instance: Instance, key: string, ref: ObjectRef, health: Health): void {
    const old = instance.dependents.get(key)?.health;
    if (health.state === 'ready' || passing.has(health.reason)) {
      if (instance.dependents.delete(key)) this.changed(instance);
      return;
    }
    if (old?.reason === health.reason && old.message === health.message) return;
    instance.dependents.set(key, { ref, health });
    this.changed(instance);
  }

  /** Claims of a StatefulSet have no owner and outlive it: one that goes was deleted by somebody, with its data. */
  #claimGone(instance: Instance, claim: KubeObject): void {
    const owned = (claim.metadata.ownerReferences?.length ?? 0) > 0;
    if (owned || instance.namespaceEnding || assessHealth(deletionUndone(claim)).reason !== 'Bound') return;
    instance.dataLost = `PersistentVolumeClaim ${claim.metadata.name} was deleted: its data is lost.`;
    instance.notesDue = true;
    instance.addDrift(driftOf(refOf(claim), deletion, 'recreated', this.clock.now()));
    this.changed(instance);
  }
}

const eventKey = (kind: string, name: string): string => `failed-create/${kind}/${name}`;

/** The claim as it was before somebody deleted it. */
const deletionUndone = (claim: KubeObject): KubeObject => ({
  ...claim,
  metadata: { ...claim.metadata, deletionTimestamp: undefined },
});
