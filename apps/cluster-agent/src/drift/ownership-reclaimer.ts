import type { Clock } from '@runos/kernel';
import { allowedWriters } from '@runos/kube-kinds';
import { type JsonPatchStep, type KubeClient, KubeError } from '@runos/kube-client';
import {
  type FieldPath,
  type KubeObject,
  refKey,
  type SharedOwnership,
  sharedOwnership,
  uniquePaths,
} from '@runos/kube-objects';
import type { Instance } from '../instances/instance.js';
import type { ObjectState } from '../instances/object-state.js';
import { driftOf } from './drift-report.js';

/**
 * Takes back fields of ours that another manager owns too, as a backup tool does after a restore. With its ownership, a
 * field would stay after we no longer desire it. Only managedFields change, so that no pod restarts.
 */
export class OwnershipReclaimer {
  constructor(
    private readonly client: KubeClient,
    private readonly clock: Clock,
    /** The ownership of an object must not have changed for this long, ms. */
    private readonly quietMs: number,
  ) {}

  /** Milliseconds until the next attempt. Infinity: nothing is shared. */
  nextInMs({ objects }: Instance): number {
    const now = this.clock.monotonicMs();
    return Math.min(Infinity, ...[...objects.values()].map(({ ownership }) => ownership.nextInMs(now, this.quietMs)));
  }

  /** Takes back what has been shared for long enough. Returns the errors that a retry may cure. */
  async reclaimReady(
    instance: Instance,
    desired: ReadonlyMap<string, KubeObject>,
    signal: AbortSignal,
  ): Promise<unknown[]> {
    const errors: unknown[] = [];
    const now = this.clock.monotonicMs();
    for (const [key, state] of instance.objects) {
      const object = desired.get(key);
      if (object === undefined || instance.pending.has(key) || state.ownership.nextInMs(now, this.quietMs) > 0)
        continue;
      try {
        await this.#reclaim(instance, state, object, signal);
      } catch (thrown) {
        state.ownership.recordPostponed();
        // The object was written in between, or may not be patched: after the next delay.
        if (!(thrown instanceof KubeError) || thrown.isOutage) errors.push(thrown);
      }
    }
    return errors;
  }

  async #reclaim(instance: Instance, state: ObjectState, desired: KubeObject, signal: AbortSignal): Promise<void> {
    const { ref, applied, ownership, kind } = state;
    const live = await this.client.find(ref, { signal });
    if (live === undefined || live.metadata.deletionTimestamp || live.metadata.uid !== applied?.uid) {
      return ownership.recordPostponed();
    }
    const shares = sharedOwnership(live, desired, allowedWriters(kind));
    const isRepaired = instance.record.driftPolicy === 'repair';
    if (shares.length === 0 || !isRepaired) ownership.recordSettled();
    else {
      const patched = await this.client.jsonPatch(ref, reclaimSteps(live, shares), { signal });
      state.recordObserved(patched);
      // Drift whose event has not arrived: that event is older than this response.
      if (state.hasDrifted(patched)) instance.addPending(refKey(ref), { kind: 'changed', live: patched });
    }
    this.#report(instance, state, shares, isRepaired ? 'reclaimed' : 'shared');
  }

  #report(
    instance: Instance,
    { ref, ownership }: ObjectState,
    shares: readonly SharedOwnership[],
    action: 'reclaimed' | 'shared',
  ): void {
    if (shares.length === 0) return;
    const unreported = ownership.recordReclaimed(shares.map(({ manager }) => manager));
    for (const { manager, at, paths } of shares) {
      if (!unreported.has(manager)) continue;
      instance.recordDrift(driftOf(ref, { manager, at, paths: folded(paths) }, action, this.clock.now()));
    }
  }
}

/** `spec.template` for all fields in it: a restore shares every field of an object. */
function folded(paths: readonly FieldPath[]): FieldPath[] {
  const parents = paths.map((path) => path.slice(0, 2));
  return uniquePaths(parents);
}

/** Entries at the end are removed first, because a removal moves those after it. */
function reclaimSteps({ metadata }: KubeObject, shares: readonly SharedOwnership[]): JsonPatchStep[] {
  const lastFirst = [...shares].sort((a, b) => b.index - a.index);
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    ...lastFirst.map(({ index, others }): JsonPatchStep => {
      const path = `/metadata/managedFields/${index}`;
      return others === undefined ? { op: 'remove', path } : { op: 'replace', path: `${path}/fieldsV1`, value: others };
    }),
  ];
}
