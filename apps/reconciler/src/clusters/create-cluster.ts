import { Injectable } from '@nestjs/common';
import { type Cluster, reservedWords } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { ClusterDomain, DnsName } from '@runos/naming';
import { Aid, Cid } from '@runos/osid';
import { Database, idempotent, runSql } from '@runos/persistence';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { By } from '../by.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { refuseOver } from '../limits.js';
import { type ClusterRow, clusterView } from './cluster-row.js';
import { Clusters } from './clusters.js';

type Input = z.output<typeof reconciler.createCluster.input>;

@Injectable()
export class CreateCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `cluster.exists`, `limit.exceeded`, `request.invalid` for a root no host fits under */
  async run({ cluster, idempotency }: Input, { tenant, who }: By): Promise<Cluster> {
    const aid = Aid.parse(tenant);
    if (aid === undefined) throw new Fault('account.not_found', `There is no account "${tenant}".`);
    const root = rootOf(cluster.root ?? this.config.defaultRoot);
    if (cluster.cid !== undefined) refuseReservedWord(cluster.cid);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        // One at a time per account: the limit holds exactly, and one cluster becomes the default.
        await runSql(sql, `SELECT pg_advisory_xact_lock(hashtext('cluster'), hashtext($1))`, [aid]);
        const known = await this.clusters.list(sql, { tenant });
        refuseOver(this.config.maxClusters, known.length, 'clusters', 'This account');
        const cid = cluster.cid === undefined ? mint(known) : (cluster.cid as Cid);
        if (known.some((each) => each.cid === cid)) {
          throw new Fault('cluster.exists', `There is a cluster "${cid}" in this account already; choose another cid.`);
        }
        const problem = ClusterDomain.problem({ cid, aid, root });
        if (problem !== undefined) throw invalid('root', problem);
        await insert(sql, {
          aid,
          cid,
          name: cluster.name ?? cid,
          root,
          local: cluster.localStorageClass ?? null,
          distributed: cluster.distributedStorageClass ?? null,
          isDefault: known.length === 0,
          who,
        });
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
  }
}

const invalid = (path: string, message: string): Fault =>
  new Fault('request.invalid', message, { issues: [{ path, message }] });

function rootOf(raw: string): DnsName {
  const root = DnsName.parse(raw);
  if (root === undefined) throw invalid('root', DnsName.problem(raw) ?? `"${raw}" is no DNS name`);
  return root;
}

function refuseReservedWord(cid: string): void {
  if (reservedWords.has(cid)) throw invalid('cid', `"${cid}" is a reserved word of the API; choose another cid`);
}

function mint(known: readonly ClusterRow[]): Cid {
  const taken = new Set([...reservedWords, ...known.map(({ cid }) => cid as string)]);
  return Cid.mint(systemRandom, taken);
}

interface NewCluster {
  readonly aid: string;
  readonly cid: string;
  readonly name: string;
  readonly root: string;
  readonly local: string | null;
  readonly distributed: string | null;
  readonly isDefault: boolean;
  readonly who: string;
}

const insert = (sql: EntityManager, c: NewCluster): Promise<unknown> =>
  runSql(
    sql,
    `INSERT INTO cluster (aid, cid, name, root, local_storage_class, distributed_storage_class, is_default, changed_by)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [c.aid, c.cid, c.name, c.root, c.local, c.distributed, c.isDefault, c.who],
  );
