import { assess, type KubeObject, ownedHash, replicasOf } from '@runos/kube-objects';
import type { ObjectState } from './object-state.js';

/** Takes the answer to our own apply as what is true from now on. */
export function settle(state: ObjectState, live: KubeObject): void {
  const { uid = '', resourceVersion } = live.metadata;
  // What a watch has told meanwhile may be newer than the answer.
  if (state.baseline?.uid !== uid || Number(resourceVersion) >= Number(state.version ?? 0)) observe(state, live);
  state.previousHash = state.baseline?.hash;
  state.baseline = { uid, hash: ownedHash(live) ?? '', wanted: state.wanted };
  delete state.problem;
  delete state.deviation;
  delete state.reportedHash;
  state.recreating = false;
}

/** Takes what was seen of an object, without judging who made it so. True if it is in another state than before. */
export function observe(state: ObjectState, live: KubeObject): boolean {
  const before = JSON.stringify([state.health, state.replicas, state.ending]);
  state.version = live.metadata.resourceVersion;
  state.ending = live.metadata.deletionTimestamp !== undefined;
  state.health = assess(live);
  state.replicas = replicasOf(live);
  return before !== JSON.stringify([state.health, state.replicas, state.ending]);
}
