import type { ResyncEntry } from '@runos/agent-protocol';
import type { WantedEntry } from './wanted-hashes.js';

export interface ListDifference {
  /** Instances that the agent lacks or has otherwise. */
  readonly redeliver: readonly number[];
  /** What the agent has and this plane does not know. */
  readonly unknown: readonly string[];
}

/** What differs between the lists of some buckets, each complete on both sides. */
export function compareLists(wanted: readonly WantedEntry[], stored: readonly ResyncEntry[]): ListDifference {
  const there = new Map<string, ResyncEntry>(stored.map((entry) => [entry.osid, entry]));
  const known = new Set(wanted.map(({ osid }) => osid));
  const same = ({ osid, revision, digest }: WantedEntry): boolean => {
    const entry = there.get(osid);
    return entry !== undefined && entry.revision === revision && entry.digest === digest;
  };
  return {
    redeliver: wanted.filter((entry) => !same(entry)).map(({ id }) => id),
    unknown: stored.map(({ osid }) => osid as string).filter((osid) => !known.has(osid)),
  };
}
