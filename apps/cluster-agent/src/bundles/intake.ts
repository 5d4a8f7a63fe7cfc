import {
  type Bundle,
  type DELETE_BUNDLE,
  type ReadInputOf,
  type ReplyOf,
  tombstoneDigest,
} from '@runos/agent-protocol';
import { faultOf } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import {
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  mergeInventory,
  osidOf,
  ownerLabels,
  refOf,
  unpackObjects,
} from '@runos/kube-objects';
import { traceHeaders } from '@runos/observability';
import type { Instance } from '../instances/instance.js';
import type { Registry } from '../instances/registry.js';
import { type BundleRecord, noNotes, unborn } from './bundle-record.js';
import { refusalOf } from './check-bundle.js';
import type { RecordKeeper } from './record-keeper.js';

type Answer = ReplyOf<typeof DELETE_BUNDLE>;

export interface IntakeParts {
  readonly client: KubeClient;
  readonly registry: Registry;
  readonly keeper: RecordKeeper;
  /** A bundle was taken in, or asked for again: see to it. */
  taken(instance: Instance, again: boolean): void;
}

const accepted: Answer = { accepted: true };
const no = (reason: string): Answer => ({ accepted: false, reason });

/** Takes bundles in: checked, stored, and only then promised. */
export class Intake {
  constructor(private readonly parts: IntakeParts) {}

  async apply(bundle: Bundle): Promise<Answer> {
    const { osid, generation, revision, digest, driftPolicy, objectsGz } = bundle;
    let objects: KubeObject[];
    try {
      objects = unpackObjects(objectsGz, digest);
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault === undefined) throw thrown;
      return no(fault.message);
    }
    const refusal = refusalOf(osid, objects);
    if (refusal !== undefined) return no(refusal);
    const refs = objects.map(refOf);
    return this.#take(osid, { revision, digest }, (now) => ({
      ...{ osid, generation, revision, digest, driftPolicy, removing: false },
      inventory: mergeInventory(now.inventory, refs),
      objectsGz: Buffer.from(objectsGz, 'base64'),
      notes: { ...now.notes, dataLost: undefined },
    }));
  }

  async remove({ osid, generation, revision }: ReadInputOf<typeof DELETE_BUNDLE>): Promise<Answer> {
    const known = this.parts.registry.get(osid);
    const found = known === undefined ? await this.#namespaceOf(osid) : undefined;
    return this.#take(osid, { revision, digest: tombstoneDigest }, (now) => ({
      ...{ osid, generation, revision, digest: tombstoneDigest, driftPolicy: 'repair', removing: true },
      inventory: found ?? now.inventory,
      objectsGz: Buffer.alloc(0),
      notes: noNotes,
    }));
  }

  async #take(
    osid: string,
    asked: { readonly revision: number; readonly digest: string },
    make: (now: BundleRecord) => BundleRecord,
  ): Promise<Answer> {
    const { registry, keeper, taken } = this.parts;
    const instance = registry.get(osid) ?? registry.add(unborn(osid));
    let answer = accepted;
    let again = false;
    try {
      await keeper.update(instance, (now) => {
        again = now.revision === asked.revision && now.digest === asked.digest;
        answer = again ? accepted : refusedBy(now, asked);
        return again || !answer.accepted ? undefined : { ...make(now), trace: traceHeaders() };
      });
    } finally {
      if (instance.record.revision === 0) registry.remove(instance);
    }
    if (!answer.accepted) return answer;
    if (!again) instance.dataLost = undefined; // it has been told; a new wish starts with a clean slate
    instance.orphaned = false;
    instance.trace = instance.record.trace;
    registry.index(instance);
    taken(instance, again);
    return accepted;
  }

  /** An instance that was never delivered here may still have left its namespace behind. */
  async #namespaceOf(osid: string): Promise<InventoryEntry[]> {
    const ref = { apiVersion: 'v1', kind: 'Namespace', name: osid };
    const live = await this.parts.client.find(ref);
    const ours = live && osidOf(live) === osid && live.metadata.labels?.[ownerLabels.managedBy] === fieldManager;
    return ours ? [{ ...ref, uid: live.metadata.uid }] : [];
  }
}

function refusedBy(now: BundleRecord, asked: { revision: number; digest: string }): Answer {
  if (asked.revision < now.revision)
    return no(`Revision ${asked.revision} is older than ${now.revision}, which is stored.`);
  if (asked.revision === now.revision) return no(`Revision ${now.revision} is stored with another digest.`);
  if (now.removing && asked.digest !== tombstoneDigest) return no(`${now.osid} is being removed.`);
  return accepted;
}
