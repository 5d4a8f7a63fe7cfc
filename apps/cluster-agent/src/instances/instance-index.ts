import type { ResyncEntry } from '@runos/agent-protocol';
import { type ObjectRef, refKey } from '@runos/kube-objects';
import type { Osid } from '@runos/osid';
import type { BundleRecord } from '../bundles/bundle-record.js';
import type { KindCatalogs } from '../bundles/kind-catalogs.js';
import { Instance } from './instance.js';

/** The number of removed instances whose deletion is remembered, about 200 bytes each. */
const maxRemoved = 10_000;

type Deletion = Pick<BundleRecord, 'revision' | 'generation' | 'digest'>;

/** All instances of the cluster, indexed by OSID and by the objects of their inventories. */
export class InstanceIndex {
  constructor(private readonly kinds: KindCatalogs) {}

  readonly #byOsid = new Map<string, Instance>();
  readonly #byObject = new Map<string, Instance>();
  /** The deletions by OSID, in the order of the removals. */
  readonly #removed = new Map<string, Deletion>();

  get(osid: string): Instance | undefined {
    return this.#byOsid.get(osid);
  }

  all(): IterableIterator<Instance> {
    return this.#byOsid.values();
  }

  add(record: BundleRecord): Instance {
    const instance = new Instance(record, this.kinds);
    this.update(instance);
    return instance;
  }

  /** Indexes the inventory of an instance after its record has changed. */
  update(instance: Instance): void {
    this.#byOsid.set(instance.osid, instance);
    for (const ref of instance.record.inventory) this.#byObject.set(refKey(ref), instance);
  }

  delete(instance: Instance): void {
    this.#byOsid.delete(instance.osid);
    for (const ref of instance.record.inventory) this.#byObject.delete(refKey(ref));
    if (instance.record.removing) this.#recordRemoval(instance.record);
  }

  /** The deletion of a removed instance, if it is remembered. */
  removal(osid: string): Deletion | undefined {
    return this.#removed.get(osid);
  }

  /** Whether the instance is being removed, or its removal is remembered. */
  isRemoved(osid: string): boolean {
    return this.get(osid)?.record.removing ?? this.#removed.has(osid);
  }

  #recordRemoval({ osid, revision, generation, digest }: BundleRecord): void {
    this.#removed.set(osid, { revision, generation, digest });
    const [oldest] = this.#removed.keys();
    if (this.#removed.size > maxRemoved && oldest !== undefined) this.#removed.delete(oldest);
  }

  /** The instance with this object in its inventory. */
  byObject(ref: ObjectRef): Instance | undefined {
    return this.#byObject.get(refKey(ref));
  }

  /** The instance of a namespace: finds the instance of objects that are in no inventory. */
  byNamespace(namespace: string | undefined): Instance | undefined {
    return namespace === undefined ? undefined : this.#byOsid.get(namespace);
  }

  /** The stored revisions in the form that a resync compares. */
  entries(): ResyncEntry[] {
    return [...this.#byOsid.values()]
      .filter(({ record }) => record.revision > 0)
      .map(({ record: { osid, revision, generation, digest, removing, kinds, writersDigest } }) => ({
        osid: osid as Osid,
        revision,
        generation,
        digest,
        ...(removing || kinds === undefined ? {} : { kindsDigest: kinds.kindsDigest }),
        ...(writersDigest === undefined ? {} : { writersDigest }),
      }));
  }
}
