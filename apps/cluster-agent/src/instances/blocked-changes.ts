import { groupOf } from '@runos/kube-objects';
import type { PendingChange } from './pending-changes.js';
import type { Instance } from './instance.js';
import type { ObjectState } from './object-state.js';

/** Attempts a blocked change now, because what blocked it may have changed. */
export function retryBlocked(instance: Instance, key: string, change: PendingChange = { kind: 'apply' }): void {
  if (instance.pending.get(key)?.blocked === undefined) return;
  const { overwrites } = instance.takePending(key) ?? {};
  instance.addPending(key, overwrites === undefined ? change : { ...change, overwrites });
}

/** Attempts the blocked objects that match now. Returns true if there are any. */
export function retryAllBlocked(instance: Instance, matches: (state: ObjectState) => boolean = () => true): boolean {
  const keys = [...instance.objects].flatMap(([key, state]) =>
    instance.pending.get(key)?.blocked !== undefined && matches(state) ? [key] : [],
  );
  for (const key of keys) retryBlocked(instance, key);
  return keys.length > 0;
}

/** Attempts what was refused to keep data, unless data is at risk still. Returns true if there is any. */
export const retryKept = (instance: Instance): boolean =>
  instance.dataRisks.list().length === 0 && retryAllBlocked(instance, ({ problem }) => problem?.keepsData === true);

/** Attempts the objects of an API group now that were not applied. Returns true if there are any. */
export function retryGroup(instance: Instance, group: string): boolean {
  const isOfGroup = ({ ref }: ObjectState) => groupOf(ref.apiVersion) === group;
  retryAllBlocked(instance, isOfGroup);
  return [...instance.objects.values()].some((state) => state.problem !== undefined && isOfGroup(state));
}
