import { claimKind, type Health, podKind } from '@runos/kube-kinds';
import { type KubeObject, mapAt, mapsIn, type ObjectRef, printRef, refKey, refOf, textOf } from '@runos/kube-objects';
import { volumeKind } from '../removal/volumes.js';
import type { Dependent } from './instance-facts.js';

/** A claim or volume with data that is being deleted. Kubernetes completes the deletion when no pod uses it any more. */
interface TerminatingData {
  readonly ref: ObjectRef;
  /** An operator deletes claims of its own when it removes their pods. */
  readonly hasOwner: boolean;
}

/** The claims and volumes of one instance whose deletion waits for the end of a pod. No request can stop a deletion. */
export class DataRisks {
  readonly #terminating = new Map<string, TerminatingData>();
  /** The claims of each pod that is not being deleted. */
  readonly #claimsByPod = new Map<string, readonly string[]>();

  /** Each claim and volume that is lost with its pod. A claim with an owner only while a pod that stays uses it. */
  list(): Dependent[] {
    const used = new Set([...this.#claimsByPod.values()].flat());
    return [...this.#terminating.values()]
      .filter(({ ref, hasOwner }) => !hasOwner || used.has(ref.name))
      .map(({ ref }) => ({ ref, health: riskOf(ref) }))
      .sort((a, b) => refKey(a.ref).localeCompare(refKey(b.ref)));
  }

  /** Records a live pod, claim or volume; other kinds hold no data. Returns true if the list changed. */
  recordObserved(object: KubeObject): boolean {
    const key = refKey(refOf(object));
    const isTerminating = object.metadata.deletionTimestamp !== undefined;
    if (object.kind === podKind.kind) {
      const claims = isTerminating ? [] : claimsOf(object);
      return this.#change(() => setOrDelete(this.#claimsByPod, key, claims.length > 0 ? claims : undefined));
    }
    if (object.kind !== claimKind.kind && object.kind !== volumeKind.kind) return false;
    const hasOwner = (object.metadata.ownerReferences?.length ?? 0) > 0;
    const found = isTerminating && isBound(object) ? { ref: refOf(object), hasOwner } : undefined;
    return this.#change(() => setOrDelete(this.#terminating, key, found));
  }

  /** Returns true if the list changed. */
  recordDeleted(object: KubeObject): boolean {
    const deleted = refKey(refOf(object));
    return this.removeAll((key) => key === deleted);
  }

  /** Removes the objects whose key matches. Returns true if the list changed. */
  removeAll(matches: (key: string) => boolean): boolean {
    return this.#change(() => {
      for (const known of [this.#terminating, this.#claimsByPod]) {
        for (const key of known.keys()) if (matches(key)) known.delete(key);
      }
    });
  }

  #change(change: () => void): boolean {
    const before = this.#keys();
    change();
    return before !== this.#keys();
  }

  #keys(): string {
    if (this.#terminating.size === 0) return '';
    return this.list()
      .map(({ ref }) => refKey(ref))
      .join('\n');
  }
}

function setOrDelete<Value>(map: Map<string, Value>, key: string, value: Value | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

const isBound = (object: KubeObject): boolean => textOf(mapAt(object, 'status')['phase']) === 'Bound';

const claimsOf = (pod: KubeObject): string[] =>
  mapsIn(mapAt(pod, 'spec')['volumes']).flatMap(
    (volume) => textOf(mapAt(volume, 'persistentVolumeClaim')['claimName']) ?? [],
  );

function riskOf(ref: ObjectRef): Health {
  const { namespace: _, ...named } = ref; // the namespace is that of the instance
  return {
    state: 'degraded',
    reason: ref.kind === claimKind.kind ? 'ClaimTerminating' : 'VolumeTerminating',
    message:
      `${printRef(named)} is being deleted, and its data is lost when the pod that uses it ends. ` +
      'Do not restart that pod; copy the data out of it.',
  };
}
