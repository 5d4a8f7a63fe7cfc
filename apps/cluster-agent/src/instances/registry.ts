import type { ResyncEntry } from '@runos/agent-protocol';
import { type ObjectRef, refKey } from '@runos/kube-objects';
import type { Osid } from '@runos/osid';
import type { BundleRecord } from '../bundles/bundle-record.js';
import { Instance } from './instance.js';

/** Every instance of the cluster, and whose each object is. */
export class Registry {
  readonly #instances = new Map<string, Instance>();
  readonly #owners = new Map<string, Instance>();

  get(osid: string): Instance | undefined {
    return this.#instances.get(osid);
  }

  all(): IterableIterator<Instance> {
    return this.#instances.values();
  }

  add(record: BundleRecord): Instance {
    const instance = new Instance(record);
    this.index(instance);
    return instance;
  }

  /** Learns the objects of an instance whose record has changed. */
  index(instance: Instance): void {
    this.#instances.set(instance.osid, instance);
    for (const ref of instance.record.inventory) this.#owners.set(refKey(ref), instance);
  }

  remove(instance: Instance): void {
    this.#instances.delete(instance.osid);
    for (const ref of instance.record.inventory) this.#owners.delete(refKey(ref));
  }

  /** The instance on whose inventory an object is. */
  ownerOf(ref: ObjectRef): Instance | undefined {
    return this.#owners.get(refKey(ref));
  }

  /** The instance an object belongs to that is on no inventory, by the namespace it lies in. */
  inhabited({ namespace }: Pick<ObjectRef, 'namespace'>): Instance | undefined {
    return namespace === undefined ? undefined : this.#instances.get(namespace);
  }

  /** What is stored, as the plane compares it. */
  entries(): ResyncEntry[] {
    return [...this.#instances.values()]
      .filter(({ record }) => record.revision > 0)
      .map(({ record: { osid, revision, digest } }) => ({ osid: osid as Osid, revision, digest }));
  }
}
