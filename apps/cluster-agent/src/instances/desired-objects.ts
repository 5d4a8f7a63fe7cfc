import type { KindCatalog } from '@runos/kube-kinds';
import { type KubeObject, refKey, refOf, unpackVerifiedObjects } from '@runos/kube-objects';
import type { BundleRecord } from '../bundles/bundle-record.js';
import { withPodSecurity } from '../apply/pod-security.js';

/** The desired objects of a bundle by key. */
export type DesiredObjects = ReadonlyMap<string, KubeObject>;

/** Unpacks the verified objects of a bundle, as they are created. */
function unpackInitial(objectsGz: Buffer): DesiredObjects {
  const objects = unpackVerifiedObjects(objectsGz).map(withPodSecurity);
  return new Map(objects.map((object) => [refKey(refOf(object)), object]));
}

/** One of them; undefined for a deletion. */
export const initialObject = (
  { removing, objectsGz }: Pick<BundleRecord, 'removing' | 'objectsGz'>,
  key: string,
): KubeObject | undefined => (removing ? undefined : unpackInitial(objectsGz).get(key));

/** The same objects without the fields that are left to other field managers. */
export const unpackDesired = (objectsGz: Buffer, kinds: KindCatalog): DesiredObjects =>
  new Map([...unpackInitial(objectsGz)].map(([key, object]) => [key, kinds.withoutLeft(object)]));
