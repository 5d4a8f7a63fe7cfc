import {
  conditionOf,
  type Health,
  isCustomGroup,
  type KindCatalog,
  outdatedFields,
  podKind,
  type PodValues,
  progressing,
} from '@runos/kube-kinds';
import { type KubeObject, mapAt, mapsIn, type ObjectRef, printRef, refKey, refOf } from '@runos/kube-objects';
import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ObjectState } from './object-state.js';

/** What rules may read of a pod. Other rules may arrive later. */
interface Excerpt {
  readonly hash: string;
  /** Gzipped JSON: 2 KB for a pod of CloudNativePG. */
  readonly gzipped: Buffer;
}

/** A pod that a custom resource controls. */
interface ControlledPod {
  readonly name: string;
  readonly owner: ObjectRef;
  readonly isReady: boolean;
  readonly excerpt: Excerpt;
  /** Its values by the rules of this catalog. */
  values?: { readonly kinds: KindCatalog; readonly of: PodValues };
}

/**
 * The pods that the custom resources of one instance control. They show whether an operator has acted on a change: its
 * own status may still be that from before. Pods of Kubernetes' own kinds are not kept.
 */
export class ControlledPods {
  readonly #pods = new Map<string, ControlledPod>();
  /** The objects that have had a pod. Their missing pods are being replaced. */
  readonly #owners = new Set<string>();

  constructor(private readonly compress: (json: string) => Buffer = gzipSync) {}

  keys(): Iterable<string> {
    return this.#pods.keys();
  }

  /** Records a live object; those that are no such pods are ignored. Returns true if something may have changed. */
  recordObserved(object: KubeObject): boolean {
    const owner = object.kind === podKind.kind ? ownerOf(object) : undefined;
    if (owner === undefined) return false;
    const key = refKey(refOf(object));
    if (object.metadata.deletionTimestamp !== undefined) return this.remove(key);
    const isReady = conditionOf(object, 'Ready')?.status === 'True';
    const known = this.#pods.get(key);
    const excerpt = this.#excerptOf(object, known?.excerpt);
    if (known?.isReady === isReady && known.excerpt === excerpt) return false;
    this.#pods.set(key, { name: object.metadata.name, owner, isReady, excerpt });
    this.#owners.add(refKey(owner));
    return true;
  }

  /** Returns true if there was one. */
  remove(key: string): boolean {
    return this.#pods.delete(key);
  }

  /** The health of an object. It is not ready before enough of its pods have what it desires of them, and are ready. */
  judge({ ref, health, podValues, replicas }: ObjectState, kinds: KindCatalog): Health | undefined {
    if (health?.state !== 'ready' || Object.keys(podValues).length === 0) return health;
    const owner = refKey(ref);
    if (!this.#owners.has(owner)) return health;
    const pods = [...this.#pods.values()].filter((pod) => refKey(pod.owner) === owner);
    for (const pod of pods) {
      const fields = outdatedFields(podValues, valuesOf(pod, kinds));
      if (fields.length > 0) return progressing('PodsOutdated', describeOutdated(ref, pod.name, fields));
    }
    const [ready, desired] = [pods.filter(({ isReady }) => isReady).length, replicas?.desired ?? 0];
    if (ready >= desired) return health;
    const { namespace: _, ...named } = ref;
    return progressing('PodsNotReady', `${ready} of ${desired} pods of ${printRef(named)} are ready.`);
  }

  /** Most events of a pod change its status alone. A hash takes a small part of the time that gzip takes. */
  #excerptOf(pod: KubeObject, known: Excerpt | undefined): Excerpt {
    const json = JSON.stringify(readableOf(pod));
    const jsonHash = hash('sha256', json, 'base64url');
    return known?.hash === jsonHash ? known : { hash: jsonHash, gzipped: this.compress(json) };
  }
}

function ownerOf({ metadata }: KubeObject): ObjectRef | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined || !isCustomGroup(owner.apiVersion)) return undefined;
  const { apiVersion, kind, name } = owner;
  return { apiVersion, kind, namespace: metadata.namespace, name };
}

const readableOf = (pod: KubeObject): KubeObject => ({
  apiVersion: pod.apiVersion,
  kind: pod.kind,
  metadata: { name: pod.metadata.name, annotations: pod.metadata.annotations ?? {} },
  spec: {
    containers: mapsIn(mapAt(pod, 'spec')['containers']).map(({ name, image, resources }) => ({
      name,
      image,
      resources,
    })),
  },
});

function valuesOf(pod: ControlledPod, kinds: KindCatalog): PodValues {
  if (pod.values?.kinds === kinds) return pod.values.of;
  const readable = JSON.parse(gunzipSync(pod.excerpt.gzipped).toString('utf8')) as KubeObject;
  const of = kinds.actualPodValues(pod.owner, readable);
  pod.values = { kinds, of };
  return of;
}

function describeOutdated({ namespace: _, ...ref }: ObjectRef, pod: string, fields: readonly string[]): string {
  return `The operator of ${printRef(ref)} has not replaced pod ${pod} yet: it has another ${fields.join(', ')}.`;
}
