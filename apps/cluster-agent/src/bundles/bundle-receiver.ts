import {
  type Bundle,
  type DELETE_BUNDLE,
  type READ_BUNDLE,
  type ReadInputOf,
  type ReplyOf,
  tombstoneDigest,
} from '@runos/agent-protocol';
import { type Clock, faultOf } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import type { PackedKinds } from '@runos/kube-kinds';
import {
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  mergeInventory,
  osidOf,
  ownerLabels,
  printRef,
  refKey,
  refOf,
  unpackObjects,
} from '@runos/kube-objects';
import { traceHeaders } from '@runos/observability';
import type { InstanceIndex } from '../instances/instance-index.js';
import type { Instance } from '../instances/instance.js';
import { isDeepStrictEqual } from 'node:util';
import { type BundleRecord, emptyCheckpoint, emptyRecord } from './bundle-record.js';
import type { RecordWriter } from './bundle-store.js';
import { type KindCatalogs, packedKindsOf } from './kind-catalogs.js';

type Reply = ReplyOf<typeof DELETE_BUNDLE>;

type Writers = Pick<BundleRecord, 'allowedWriters' | 'writersDigest'>;

interface RevisionDigest {
  readonly revision: number;
  readonly digest: string;
  readonly kinds?: PackedKinds;
  readonly sealedSpec?: string;
  readonly writers?: Writers;
  readonly history?: Bundle['history'];
}

export interface BundleReceiverOptions {
  readonly client: KubeClient;
  readonly instances: InstanceIndex;
  readonly writer: RecordWriter;
  readonly kinds: KindCatalogs;
  readonly clock: Clock;
  /** A bundle is stored and must be reconciled. `isRepeat`: it was stored before. */
  onReceived(instance: Instance, isRepeat: boolean): void;
}

const accepted: Reply = { accepted: true };
const refused = (reason: string): Reply => ({ accepted: false, reason });

const storedOf = ({ revision, generation, digest }: Pick<BundleRecord, 'revision' | 'generation' | 'digest'>) => ({
  revision,
  generation,
  digest,
});

/** Receives bundles and deletions from the plane: validates and stores them before it accepts. */
export class BundleReceiver {
  constructor(private readonly options: BundleReceiverOptions) {}

  async receiveBundle(bundle: Bundle): Promise<Reply> {
    const { osid, generation, revision, digest, objectsGz, sealedSpec, history } = bundle;
    const { driftPolicy, allowedWriters, writersDigest, acceptDataLoss } = bundle;
    const removed = this.options.instances.removal(osid);
    if (removed !== undefined && revision <= removed.revision) {
      const reason = `Revision ${revision} of ${osid} is older than its deletion, revision ${removed.revision}.`;
      return { ...refused(reason), stored: storedOf(removed) };
    }
    const kinds = packedKindsOf(bundle);
    let objects: KubeObject[];
    try {
      objects = unpackObjects(objectsGz, digest);
      this.options.kinds.of(kinds);
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault === undefined) throw thrown;
      return refused(fault.message);
    }
    const reason = validateBundle(osid, objects);
    if (reason !== undefined) return refused(reason);
    const refs = objects.map(refOf);
    const writers = { allowedWriters, writersDigest };
    return this.#store(osid, { revision, digest, kinds, sealedSpec, writers, history }, (current) => ({
      osid,
      generation,
      revision,
      digest,
      driftPolicy,
      ...writers,
      ...(acceptDataLoss === undefined ? {} : { acceptDataLoss }),
      removing: false,
      inventory: mergeInventory(current.inventory, refs),
      objectsGz: Buffer.from(objectsGz, 'base64'),
      kinds,
      sealedSpec,
      checkpoint: { ...current.checkpoint, dataLoss: undefined },
    }));
  }

  async receiveDeletion({ osid, generation, revision, history }: ReadInputOf<typeof DELETE_BUNDLE>): Promise<Reply> {
    const known = this.options.instances.get(osid);
    const found = known === undefined ? await this.#findNamespace(osid) : undefined;
    const received = { revision, digest: tombstoneDigest, kinds: known?.record.kinds, history };
    return this.#store(osid, received, (current) => ({
      osid,
      generation,
      revision,
      digest: tombstoneDigest,
      driftPolicy: 'repair',
      removing: true,
      heldDeletion: current.heldDeletion === revision ? revision : undefined,
      inventory: found ?? current.inventory,
      objectsGz: Buffer.alloc(0),
      kinds: current.kinds,
      checkpoint: emptyCheckpoint,
    }));
  }

  /** What is stored of an instance. */
  readBundle({ osid }: ReadInputOf<typeof READ_BUNDLE>): ReplyOf<typeof READ_BUNDLE> {
    const record = this.options.instances.get(osid)?.record;
    if (record === undefined || record.revision === 0) return { stored: null };
    const { sealedSpec } = record;
    return { stored: { ...storedOf(record), ...(sealedSpec === undefined ? {} : { sealedSpec }) } };
  }

  /** Stores the next record with the trace of the current request. */
  async #store(
    osid: string,
    received: RevisionDigest,
    nextRecord: (current: BundleRecord) => BundleRecord,
  ): Promise<Reply> {
    const { instances, writer, onReceived } = this.options;
    const instance = instances.get(osid) ?? instances.add(emptyRecord(osid));
    let reply = accepted;
    let isRepeat = false;
    try {
      await writer.update(instance, (current) => {
        isRepeat = current.revision === received.revision && current.digest === received.digest;
        const isHeld = instance.removalHold.remainingMs(this.options.clock.monotonicMs()) > 0;
        reply = isRepeat ? accepted : compareRevisions(current, received, isHeld);
        if (!reply.accepted) return undefined;
        if (!isRepeat) return { ...nextRecord(current), trace: traceHeaders() };
        return repeatedRecord(current, received);
      });
    } finally {
      if (instance.record.revision === 0) instances.delete(instance);
    }
    if (!reply.accepted) return reply;
    instance.recordReceived(isRepeat);
    instances.update(instance);
    onReceived(instance, isRepeat);
    return accepted;
  }

  /** The namespace of an instance without a record, which an earlier agent may have created. */
  async #findNamespace(osid: string): Promise<InventoryEntry[]> {
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: osid };
    const live = await this.options.client.find(ref);
    const isOurs = live && osidOf(live) === osid && live.metadata.labels?.[ownerLabels.managedBy] === fieldManager;
    return isOurs ? [{ ...ref, uid: live.metadata.uid }] : [];
  }
}

/** What a repetition adds to the stored record; undefined: nothing. A sealed spec differs each time, and all are equal. */
function repeatedRecord(
  current: BundleRecord,
  { kinds, sealedSpec, writers = {} }: RevisionDigest,
): BundleRecord | undefined {
  const hasWriters = isDeepStrictEqual(writersOf(current), writersOf(writers));
  const hasKinds = current.kinds?.kindsDigest === kinds?.kindsDigest;
  const hasSpec = current.sealedSpec !== undefined || sealedSpec === undefined;
  if (hasKinds && hasSpec && hasWriters) return undefined;
  return { ...current, ...writersOf(writers), kinds, sealedSpec: current.sealedSpec ?? sealedSpec };
}

const writersOf = ({ allowedWriters, writersDigest }: Writers): Writers => ({ allowedWriters, writersDigest });

function compareRevisions(
  current: BundleRecord,
  { revision, digest, history = [] }: RevisionDigest,
  isHeld: boolean,
): Reply {
  if (revision < current.revision) {
    const reason = `Revision ${revision} is older than the stored revision ${current.revision}.`;
    return { ...refused(reason), stored: storedOf(current) };
  }
  if (revision === current.revision) {
    return { ...refused(`Revision ${revision} is stored with another digest.`), stored: storedOf(current) };
  }
  const known = history.find((earlier) => earlier.revision === current.revision);
  if (known !== undefined && known.digest !== current.digest) {
    const reason = `The stored revision ${current.revision} is not the one before revision ${revision}.`;
    return { ...refused(reason), stored: storedOf(current) };
  }
  if (current.removing && !isHeld && digest !== tombstoneDigest) return refused(`${current.osid} is being removed.`);
  return accepted;
}

/**
 * The reason for which a bundle is refused, or undefined. A bundle contains the namespace of its instance, and all other
 * namespaced objects are in it. Every object carries the labels of the instance.
 */
export function validateBundle(osid: string, objects: readonly KubeObject[]): string | undefined {
  const keys = new Set<string>();
  for (const object of objects) {
    const ref = refOf(object);
    const name = printRef(ref);
    if (keys.has(refKey(ref))) return `${name} is in the bundle twice.`;
    keys.add(refKey(ref));
    if (ref.kind === 'Namespace' && ref.name !== osid) return `${name} is not the namespace of ${osid}.`;
    if (ref.namespace !== undefined && ref.namespace !== osid) return `${name} is outside the namespace ${osid}.`;
    const labels = object.metadata.labels ?? {};
    if (labels[ownerLabels.osid] !== osid || labels[ownerLabels.managedBy] !== fieldManager) {
      return `${name} does not carry the labels of ${osid}.`;
    }
  }
  return keys.has(`/Namespace//${osid}`) ? undefined : `The bundle does not contain the namespace ${osid}.`;
}
