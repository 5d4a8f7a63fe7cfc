import { bucketCount } from '@runos/agent-protocol';
import { runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';

/** What is wanted of each instance of a cluster, as the agent stores it. */
const wanted = `
  FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision WHERE i.cluster_id = $1`;

/** The first 128 bits of the SHA-256 of `<osid> <revision> <digest>`: what `rootOf` folds on the agent's side. */
const hash = `('x' || left(encode(sha256(convert_to(i.osid || ' ' || i.revision || ' ' || r.digest, 'UTF8')), 'hex'), 32))::bit(128)`;

/** What `bucketOf` says of an OSID. */
const bucket = `get_byte(sha256(convert_to(i.osid, 'UTF8')), 0)`;

const empty = '0'.repeat(32);

const hex = (bits: string | null): string =>
  bits === null ? empty : BigInt(`0b${bits}`).toString(16).padStart(32, '0');

export async function wantedRoot(sql: EntityManager, clusterId: number): Promise<{ count: number; root: string }> {
  const [{ count, root }] = await runSql<{ count: number; root: string | null }>(
    sql,
    `SELECT count(*)::int AS count, bit_xor(${hash})::text AS root ${wanted}`,
    [clusterId],
  );
  return { count, root: hex(root) };
}

export async function wantedBuckets(sql: EntityManager, clusterId: number): Promise<string[]> {
  const found = await runSql<{ bucket: number; root: string }>(
    sql,
    `SELECT ${bucket} AS bucket, bit_xor(${hash})::text AS root ${wanted} GROUP BY 1`,
    [clusterId],
  );
  const hashes = Array.from({ length: bucketCount }, () => empty);
  for (const each of found) hashes[each.bucket] = hex(each.root);
  return hashes;
}

export interface WantedEntry {
  readonly id: number;
  readonly osid: string;
  readonly revision: number;
  readonly digest: string;
}

/** What is wanted of the instances in these buckets. */
export const wantedIn = (sql: EntityManager, clusterId: number, buckets: readonly number[]): Promise<WantedEntry[]> =>
  runSql<WantedEntry>(sql, `SELECT i.id, i.osid, i.revision, r.digest ${wanted} AND ${bucket} = ANY($2)`, [
    clusterId,
    buckets,
  ]);
