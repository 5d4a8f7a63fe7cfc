import { assessHealth, isCreated, type KubeObject, ownedHash, replicasOf } from '@runos/kube-objects';
import { isKnown, type ObjectState } from './object-state.js';

/**
 * Takes the answer to our own apply as what is true from now on. The object as others have changed it since the first
 * apply, if they have.
 */
export function settle(state: ObjectState, live: KubeObject): KubeObject | undefined {
  const { early } = state;
  const { uid = '', resourceVersion } = live.metadata;
  const hash = ownedHash(live) ?? '';
  observe(state, live);
  state.previousHash = state.baseline?.hash;
  state.baseline = { uid, hash, wanted: state.wanted, ...(isCreated(live) ? { created: true } : {}) };
  delete state.early;
  delete state.problem;
  delete state.deviation;
  delete state.reportedHash;
  state.recreating = false;
  const newer = early !== undefined && Number(early.metadata.resourceVersion) > Number(resourceVersion);
  return newer && ownedHash(early) !== hash ? early : undefined;
}

/**
 * Takes what was seen of an object, without judging who made it so; what is not newer than what was seen before,
 * as an answer may be, says nothing. True if it is in another state than before.
 */
export function observe(state: ObjectState, live: KubeObject): boolean {
  if (isKnown(state, live.metadata.resourceVersion)) return false;
  const before = JSON.stringify([state.health, state.replicas, state.ending]);
  state.version = live.metadata.resourceVersion;
  state.ending = live.metadata.deletionTimestamp !== undefined;
  state.health = assessHealth(live);
  state.replicas = replicasOf(live);
  return before !== JSON.stringify([state.health, state.replicas, state.ending]);
}
