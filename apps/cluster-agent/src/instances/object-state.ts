import type { Health, KubeObject, ObjectRef, Replicas } from '@runos/kube-objects';
import type { Baseline } from '../bundles/bundle-record.js';

/** Why an object is not as it should be, in words for people. */
export interface Problem {
  /** Stable CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Trying again cannot help: only another bundle or another state of the cluster can. */
  readonly blocked: boolean;
}

/** What is known of one object of a bundle: hashes and words; the object itself only for a moment. */
export interface ObjectState {
  readonly ref: ObjectRef;
  /** Hash of the rendered object. */
  readonly wanted: string;
  baseline?: Baseline;
  /** Owned hash before our last apply changed it. */
  previousHash?: string;
  /** resourceVersion up to which everything is known. */
  version?: string;
  /** Told by the watch while the first apply was on its way: kept until the answer, which may be older. */
  early?: KubeObject;
  health?: Health;
  replicas?: Replicas;
  problem?: Problem;
  /** It has a deletionTimestamp: nothing can be done before it is gone. */
  ending: boolean;
  /** When a foreign change of it was last undone, ms since the epoch. */
  repairedAt?: number;
  /** We deleted it ourselves, to make it anew. */
  recreating: boolean;
  /** Fields that others changed and that are only reported; empty when the whole object is gone. */
  deviation?: readonly string[];
  /** Content hash of what was last judged and left as it is, so that it is judged once. */
  reportedHash?: string;
}

/** True once the cluster holds what the current bundle says, or what the policy lets others make of it. */
export const isApplied = ({ baseline, wanted, problem, deviation }: ObjectState): boolean =>
  problem === undefined && (baseline?.wanted === wanted || deviation !== undefined);

/** What an apply has to know of an object: whether we have made it, and whether other content is ours by a create still. */
export const historyOf = ({ baseline, wanted }: ObjectState): { first: boolean; created: boolean } => ({
  first: baseline === undefined,
  created: baseline?.created === true && baseline.wanted !== wanted,
});

/** True if `version` is not newer than what is known already, such as the echo of our own write. */
export function isKnown({ version }: ObjectState, seen: string | undefined): boolean {
  if (version === undefined || seen === undefined) return false;
  return version === seen || Number(seen) <= Number(version);
}
