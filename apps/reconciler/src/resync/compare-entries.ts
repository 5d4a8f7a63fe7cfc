import type { ResyncEntry } from '@runos/agent-protocol';
import { isTombstone } from '../divergence/foreign-bundle.js';
import type { StoredInstance } from '../divergence/record-divergence.js';
import type { DesiredEntry, HashScope } from './desired-hash-repository.js';

export interface EntryDifference {
  /** Row ids of instances that the agent lacks, or stores in another revision. */
  readonly redeliver: readonly number[];
  /** What the agent stores instead, of those that it stores in another revision or with another digest. */
  readonly differing: readonly StoredInstance[];
  /** OSIDs that the agent stores and the cluster does not have. */
  readonly unknown: readonly string[];
}

/** Compares the entries of some buckets; both lists are complete. */
export function compareEntries(
  desiredEntries: readonly DesiredEntry[],
  stored: readonly ResyncEntry[],
  scope: Pick<HashScope, 'writers'>,
): EntryDifference {
  const byOsid = new Map<string, ResyncEntry>(stored.map((entry) => [entry.osid, entry]));
  const known = new Set(desiredEntries.map(({ osid }) => osid));
  const isStored = ({ osid, revision, digest, kindsDigest, writersDigest }: DesiredEntry): boolean => {
    const entry = byOsid.get(osid);
    const hasKinds = kindsDigest === null || entry?.kindsDigest === kindsDigest;
    const hasWriters = !scope.writers || (entry?.writersDigest ?? null) === writersDigest;
    return entry !== undefined && entry.revision === revision && entry.digest === digest && hasKinds && hasWriters;
  };
  const missing = desiredEntries.filter((entry) => !isStored(entry) && !isDecisionPending(entry, byOsid));
  const differing = missing.flatMap(({ id, osid }): StoredInstance[] => {
    const entry = byOsid.get(osid);
    if (entry === undefined) return [];
    const { revision, digest, generation = null } = entry;
    return [{ id, stored: { revision, digest, generation } }];
  });
  return {
    redeliver: missing.map(({ id }) => id),
    differing,
    unknown: stored.map(({ osid }) => osid as string).filter((osid) => !known.has(osid)),
  };
}

/** A deletion of another history has left nothing, and it is neither adopted nor reverted without a decision. */
const isDecisionPending = ({ osid, diverged }: DesiredEntry, stored: ReadonlyMap<string, ResyncEntry>): boolean =>
  diverged !== null && isTombstone(diverged) && !stored.has(osid);
