import { Injectable } from '@nestjs/common';
import { bucketCount } from '@runos/agent-protocol';
import { runSql } from '@runos/persistence';
import { kindRules, serviceTypes } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { writersForType } from '../clusters/cluster-writers.js';
import { writersDigest, writersText } from '../delivery/delivered-writers.js';
import type { ForeignBundle } from '../divergence/foreign-bundle.js';
import type { ClusterRow } from '../schema/cluster-row.js';

/** What the hashes of an agent include beside revisions. Older agents do not store it. */
export interface HashScope {
  readonly kinds: boolean;
  readonly writers: boolean;
}

/**
 * The desired revision of each instance of a cluster, with the digest of the kinds of its type (`$2`, `$3`). If `$5`, also
 * with the digest of its allowed writers; `$4` are those of the cluster, by type.
 */
const desired = `
  FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision
    LEFT JOIN unnest($2::text[], $3::text[], $4::text[]) AS k(type, kinds_digest, writers) ON k.type = i.type AND r.kind = 'apply'
    LEFT JOIN LATERAL (SELECT ${writersDigest('r.spec', 'k.writers')} AS writers_digest) w ON $5 AND r.kind = 'apply'
  WHERE i.cluster_id = $1`;

/**
 * The first 128 bits of the SHA-256 of `<osid> <revision> <digest>[ <kindsDigest>][ writers <writersDigest>]`; the
 * agent's `rootOf` combines the same hashes.
 */
const hash = `('x' || left(encode(sha256(convert_to(
  i.osid || ' ' || i.revision || ' ' || r.digest || coalesce(' ' || k.kinds_digest, '')
    || coalesce(' writers ' || w.writers_digest, ''), 'UTF8')), 'hex'), 32))::bit(128)`;

/** As `hash`, of the last recorded status. */
const statusHash = `('x' || left(encode(sha256(convert_to(i.osid || ' ' || i.status_hash, 'UTF8')), 'hex'), 32))::bit(128)`;

type Cluster = Pick<ClusterRow, 'id' | 'allowed_writers'>;

/** The values of `$1` to `$5`. No kinds of an agent without kinds. */
function valuesOf({ id, allowed_writers: writers }: Cluster, scope: HashScope): unknown[] {
  const types = serviceTypes.map(({ type }) => type);
  return [
    id,
    types,
    types.map((type) => (scope.kinds ? (kindRules(type)?.kindsDigest ?? null) : null)),
    types.map((type) => writersText(writersForType(type, writers))),
    scope.writers,
  ];
}

/** The same bucket as the agent's `bucketOf`. */
const bucket = `get_byte(sha256(convert_to(i.osid, 'UTF8')), 0)`;

const emptyHash = '0'.repeat(32);

const hex = (bits: string | null | undefined): string =>
  bits === null || bits === undefined ? emptyHash : BigInt(`0b${bits}`).toString(16).padStart(32, '0');

function hashesOf(found: readonly { readonly bucket: number; readonly root: string }[]): string[] {
  const hashes = Array.from({ length: bucketCount }, () => emptyHash);
  for (const each of found) hashes[each.bucket] = hex(each.root);
  return hashes;
}

export interface DesiredEntry {
  readonly id: number;
  readonly osid: string;
  readonly revision: number;
  readonly digest: string;
  readonly kindsDigest: string | null;
  readonly writersDigest: string | null;
  readonly deleting: boolean;
  /** It is marked: the agent stores a bundle of another history. */
  readonly diverged: ForeignBundle | null;
}

/** Hashes of the desired revisions of a cluster, equal to the hashes that an up-to-date agent computes. */
@Injectable()
export class DesiredHashRepository {
  async root(sql: EntityManager, cluster: Cluster, scope: HashScope): Promise<{ count: number; root: string }> {
    const [found] = await runSql<{ count: number; root: string | null }>(
      sql,
      `SELECT count(*)::int AS count, bit_xor(${hash})::text AS root ${desired}`,
      valuesOf(cluster, scope),
    );
    return { count: found?.count ?? 0, root: hex(found?.root) };
  }

  async buckets(sql: EntityManager, cluster: Cluster, scope: HashScope): Promise<string[]> {
    const found = await runSql<{ bucket: number; root: string }>(
      sql,
      `SELECT ${bucket} AS bucket, bit_xor(${hash})::text AS root ${desired} GROUP BY 1`,
      valuesOf(cluster, scope),
    );
    return hashesOf(found);
  }

  /** The hashes of the last recorded statuses, equal to the agent's `statusBuckets` if none was lost. */
  async statusBuckets(sql: EntityManager, clusterId: number): Promise<string[]> {
    const found = await runSql<{ bucket: number; root: string }>(
      sql,
      `SELECT ${bucket} AS bucket, bit_xor(${statusHash})::text AS root FROM instance i
       WHERE i.cluster_id = $1 AND i.status_hash IS NOT NULL GROUP BY 1`,
      [clusterId],
    );
    return hashesOf(found);
  }

  /** The desired revisions of the instances in these buckets. */
  entries(sql: EntityManager, cluster: Cluster, buckets: readonly number[], scope: HashScope): Promise<DesiredEntry[]> {
    return runSql<DesiredEntry>(
      sql,
      `SELECT i.id, i.osid, i.revision, r.digest, k.kinds_digest AS "kindsDigest", w.writers_digest AS "writersDigest",
         i.deleting, i.diverged ${desired} AND ${bucket} = ANY($6)`,
      [...valuesOf(cluster, scope), buckets],
    );
  }
}
