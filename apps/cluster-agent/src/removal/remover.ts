import { reconciled, type ReconcileResult, requeue } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { KubeClient } from '@runos/kube-client';
import {
  type DeletionStep,
  deletionSteps,
  fieldManager,
  type InventoryEntry,
  type KubeObject,
  osidOf,
  ownerLabels,
  type Propagation,
  refKey,
  refOf,
} from '@runos/kube-objects';
import type { Instance, Removal } from '../instances/instance.js';
import { whatHolds } from './held-up.js';
import type { VolumeIndex } from './volume-index.js';
import { claimKind, isClaimed, isKept, volumeOf, volumesOf } from './volumes.js';

export interface RemoverParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly volumes: VolumeIndex;
  /** From then on a removal says what holds it up. */
  readonly heldUpAfterMs: number;
  /** The report of what holds it up is renewed this often; events wake a removal sooner. */
  readonly lookAgainMs: number;
  changed(instance: Instance): void;
}

/** Takes an instance away: step by step, each object by its uid, until it is proven that nothing is left. */
export class Remover {
  constructor(private readonly parts: RemoverParts) {}

  async run(instance: Instance, signal: AbortSignal): Promise<ReconcileResult> {
    const { clock, volumes, heldUpAfterMs, lookAgainMs, changed } = this.parts;
    // What is left of a removal that was under way may be no more than its volumes.
    if (!volumes.listed) return requeue('VolumesUnlisted', lookAgainMs);
    const removal = (instance.removal ??= await this.#begin(instance, signal));
    if (removal.done) return reconciled();
    const waited = clock.now().getTime() - removal.startedAt;
    const late = waited >= heldUpAfterMs;
    const left = await this.#steps(instance, removal, late, signal);
    if (left.length === 0) left.push(...(await this.#volumesLeft(instance, removal, signal)));
    if (left.length === 0) {
      removal.done = true;
      removal.heldUp = [];
      changed(instance);
      return reconciled();
    }
    if (late) Object.assign(removal, await whatHolds(this.parts.client, instance.osid, left, signal));
    changed(instance);
    return requeue('Removing', late ? lookAgainMs : Math.min(lookAgainMs, heldUpAfterMs - waited));
  }

  async #begin(instance: Instance, signal: AbortSignal): Promise<Removal> {
    const { client, clock, volumes } = this.parts;
    const { osid } = instance;
    const claims = await client.list({ ...claimKind, namespace: osid }, { signal });
    const names = new Set([...claims.flatMap((claim) => volumeOf(claim) ?? []), ...volumes.namesFor(osid)]);
    const existing = await volumesOf(client, osid, names, signal);
    return {
      startedAt: clock.now().getTime(),
      done: false,
      acknowledged: false,
      heldUp: [],
      reason: 'Deleting',
      message: '',
      volumes: names,
      keptVolumes: existing.filter(isKept).map(({ metadata }) => metadata.name),
    };
  }

  /**
   * What is left. A step begins when the one before it is done, so that operators can still clean up; after a long
   * time all begin, because then only the end of the namespace tells what holds it up.
   */
  async #steps(instance: Instance, removal: Removal, late: boolean, signal: AbortSignal): Promise<KubeObject[]> {
    const left: KubeObject[] = [];
    for (const { name, refs, propagation } of await this.#allSteps(instance, removal, signal)) {
      const found = await Promise.all(refs.map((ref) => this.#delete(instance, ref, propagation, signal)));
      left.push(...found.flatMap((live) => (live === undefined ? [] : [live])));
      if (left.length > 0 && !late && name !== 'namespaces') break;
    }
    return left;
  }

  /** The inventory, and the claims that workloads made from their templates: a namespace with claims ends seconds later. */
  async #allSteps(
    { osid, record }: Instance,
    removal: Removal,
    signal: AbortSignal,
  ): Promise<DeletionStep<InventoryEntry>[]> {
    const claims = await this.parts.client.list({ ...claimKind, namespace: osid }, { signal });
    for (const volume of claims.flatMap((claim) => volumeOf(claim) ?? [])) removal.volumes.add(volume);
    const known = new Set(record.inventory.map(refKey));
    const made = claims.map(refOf).filter((ref) => !known.has(refKey(ref)));
    return deletionSteps([...record.inventory, ...made]);
  }

  /**
   * The volumes that Kubernetes has yet to delete. It does so when their claims are gone, and with them the data: only
   * then is nothing left. What somebody else's claim still holds is not waited for.
   */
  async #volumesLeft({ osid }: Instance, removal: Removal, signal: AbortSignal): Promise<KubeObject[]> {
    const { client } = this.parts;
    const existing = await volumesOf(client, osid, removal.volumes, signal);
    removal.keptVolumes = existing.filter(isKept).map(({ metadata }) => metadata.name);
    const leaving = existing.filter((volume) => !isKept(volume));
    const claimed = await Promise.all(leaving.map((volume) => isClaimed(client, volume, signal)));
    return leaving.filter((_, index) => !claimed[index]);
  }

  /** The object if it still exists. What others put in its place is not ours to delete, and counts as gone. */
  async #delete(
    instance: Instance,
    entry: InventoryEntry,
    propagation: Propagation,
    signal: AbortSignal,
  ): Promise<KubeObject | undefined> {
    const { client } = this.parts;
    const live = await client.find(entry, { signal });
    if (live === undefined || !isOurs(live, instance.osid, entry.uid)) return undefined;
    if (live.metadata.deletionTimestamp) return live;
    const { uid } = live.metadata;
    return (await client.delete(entry, { uid, propagation, signal })) === 'gone' ? undefined : live;
  }
}

/** By its uid, or, if that was never noted or is an earlier one's, by the labels that only we set. */
const isOurs = (live: KubeObject, osid: string, uid: string | undefined): boolean =>
  live.metadata.uid === uid ||
  (osidOf(live) === osid && live.metadata.labels?.[ownerLabels.managedBy] === fieldManager);
