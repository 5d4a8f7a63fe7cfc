import { type StoredBundle, tombstoneDigest } from '@runos/agent-protocol';
import type { InstanceKind } from '@runos/api';

/** A bundle that an agent stores and that is in no revision of the plane. Older agents do not name its generation. */
export type ForeignBundle = Pick<StoredBundle, 'revision' | 'digest'> & { readonly generation: number | null };

/** The history of an instance, as far as it is needed to know a stored bundle. */
export interface History {
  readonly revision: number;
  /** The digest of the revision that the agent stores; null when the history does not have it any more. */
  readonly digest: string | null;
}

/**
 * Whether no revision of the plane explains what the agent stores: the database was restored from an older backup. A
 * revision that the retention has deleted counts as known.
 */
export const isForeign = (stored: Pick<StoredBundle, 'revision' | 'digest'>, history: History): boolean =>
  stored.revision > history.revision || (history.digest !== null && history.digest !== stored.digest);

/** Columns and clients have 32-bit numbers. An agent with higher ones is defective, and no revision can exceed them. */
const maxStoredNumber = 2_000_000_000;

export const canBeExceeded = ({ revision, generation }: ForeignBundle): boolean =>
  revision <= maxStoredNumber && (generation ?? 0) <= maxStoredNumber;

export const isTombstone = ({ digest }: Pick<StoredBundle, 'digest'>): boolean => digest === tombstoneDigest;

/** The condition and the reason of an instance while the agent stores a foreign bundle. */
export const divergedReason = 'Diverged';

/** The details of `conflict.diverged`. */
export const detailsOf = ({ revision: storedRevision, generation: storedGeneration }: ForeignBundle) =>
  storedGeneration === null ? { storedRevision } : { storedRevision, storedGeneration };

/** The instance, as paths name it. */
interface Named {
  readonly aid: string;
  readonly cid: string;
  readonly osid: string;
  readonly kind: InstanceKind;
  readonly type: string;
  readonly iid: string;
}

/** The path at which a person decides. Paths of apps name no type. */
const decisionPath = ({ aid, cid, kind, type, iid }: Named): string =>
  `/${aid}/${cid}/${kind === 'app' ? 'apps' : `services/${type}`}/${iid}/accept`;

/** Why nothing is delivered, and what a person can do. */
export function describeDivergence(instance: Named, bundle: ForeignBundle): string {
  const { osid, cid } = instance;
  const { revision, generation } = bundle;
  const named = generation === null ? `revision ${revision}` : `revision ${revision} (generation ${generation})`;
  const stored = isTombstone(bundle) ? `a deletion of ${osid}, ${named},` : `${named} of ${osid},`;
  const adopted = isTombstone(bundle) ? 'deletes it here as well' : 'adopts what runs in the cluster';
  return `The agent of cluster ${cid} stores ${stored} which this control plane does not know. Its database was probably restored from an older backup. Nothing is delivered until you decide by POST ${decisionPath(instance)}: accept "plane" delivers the spec that is shown here, accept "cluster" ${adopted}.`;
}
