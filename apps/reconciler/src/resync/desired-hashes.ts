import { Injectable } from '@nestjs/common';
import { bucketCount, type ResyncEntry } from '@runos/agent-protocol';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** The desired revision of each instance of a cluster. */
const desired = `
  FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision WHERE i.cluster_id = $1`;

/** The first 128 bits of the SHA-256 of `<osid> <revision> <digest>`; the agent's `rootOf` combines the same hashes. */
const hash = `('x' || left(encode(sha256(convert_to(i.osid || ' ' || i.revision || ' ' || r.digest, 'UTF8')), 'hex'), 32))::bit(128)`;

/** The same bucket as the agent's `bucketOf`. */
const bucket = `get_byte(sha256(convert_to(i.osid, 'UTF8')), 0)`;

const emptyHash = '0'.repeat(32);

const hex = (bits: string | null | undefined): string =>
  bits === null || bits === undefined ? emptyHash : BigInt(`0b${bits}`).toString(16).padStart(32, '0');

export interface DesiredEntry {
  readonly id: number;
  readonly osid: string;
  readonly revision: number;
  readonly digest: string;
}

/** Hashes of the desired revisions of a cluster, equal to the hashes that an up-to-date agent computes. */
@Injectable()
export class DesiredHashes {
  async root(sql: EntityManager, clusterId: number): Promise<{ count: number; root: string }> {
    const [found] = await runSql<{ count: number; root: string | null }>(
      sql,
      `SELECT count(*)::int AS count, bit_xor(${hash})::text AS root ${desired}`,
      [clusterId],
    );
    return { count: found?.count ?? 0, root: hex(found?.root) };
  }

  async buckets(sql: EntityManager, clusterId: number): Promise<string[]> {
    const found = await runSql<{ bucket: number; root: string }>(
      sql,
      `SELECT ${bucket} AS bucket, bit_xor(${hash})::text AS root ${desired} GROUP BY 1`,
      [clusterId],
    );
    const hashes = Array.from({ length: bucketCount }, () => emptyHash);
    for (const each of found) hashes[each.bucket] = hex(each.root);
    return hashes;
  }

  /** The desired revisions of the instances in these buckets. */
  entries(sql: EntityManager, clusterId: number, buckets: readonly number[]): Promise<DesiredEntry[]> {
    return runSql<DesiredEntry>(sql, `SELECT i.id, i.osid, i.revision, r.digest ${desired} AND ${bucket} = ANY($2)`, [
      clusterId,
      buckets,
    ]);
  }
}

export interface EntryDifference {
  /** Row ids of instances that the agent lacks, or stores in another revision. */
  readonly redeliver: readonly number[];
  /** OSIDs that the agent stores and the cluster does not have. */
  readonly unknown: readonly string[];
}

/** Compares the entries of some buckets; both lists are complete. */
export function compareEntries(
  desiredEntries: readonly DesiredEntry[],
  stored: readonly ResyncEntry[],
): EntryDifference {
  const byOsid = new Map<string, ResyncEntry>(stored.map((entry) => [entry.osid, entry]));
  const known = new Set(desiredEntries.map(({ osid }) => osid));
  const isStored = ({ osid, revision, digest }: DesiredEntry): boolean => {
    const entry = byOsid.get(osid);
    return entry !== undefined && entry.revision === revision && entry.digest === digest;
  };
  return {
    redeliver: desiredEntries.filter((entry) => !isStored(entry)).map(({ id }) => id),
    unknown: stored.map(({ osid }) => osid as string).filter((osid) => !known.has(osid)),
  };
}
