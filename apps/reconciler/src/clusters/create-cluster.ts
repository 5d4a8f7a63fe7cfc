import { Injectable } from '@nestjs/common';
import { type Cluster, reservedWords } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { ClusterDomain, DnsName } from '@runos/naming';
import { Aid, Cid } from '@runos/osid';
import { Database, idempotent } from '@runos/persistence';
import type { z } from 'zod';
import type { ReconcilerConfig } from '../config.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { type Caller, refuseOverLimit } from '../writes/preconditions.js';
import { ClusterRepository } from './cluster-repository.js';
import { clusterView } from './cluster-view.js';

type Input = z.output<typeof reconciler.createCluster.input>;

@Injectable()
export class CreateCluster {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `cluster.exists`, `limit.exceeded`, `request.invalid` for a root that is too long for hosts */
  async run({ cluster, idempotency }: Input, { tenant, changedBy }: Caller): Promise<Cluster> {
    const aid = Aid.parse(tenant);
    if (aid === undefined) throw new Fault('account.not_found', `There is no account "${tenant}".`);
    const root = parseRoot(cluster.root ?? this.config.defaultRoot);
    if (cluster.cid !== undefined) refuseReservedCid(cluster.cid);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency }, async () => {
        await this.clusters.lockCreations(sql, aid);
        const existing = await this.clusters.list(sql, tenant);
        refuseOverLimit(this.config.maxClusters, existing.length, 'clusters', 'This account');
        const cid = cluster.cid === undefined ? mintCid(existing) : (cluster.cid as Cid);
        if (existing.some((each) => each.cid === cid)) {
          throw new Fault('cluster.exists', `There is a cluster "${cid}" in this account already; choose another cid.`);
        }
        const problem = ClusterDomain.problem({ cid, aid, root });
        if (problem !== undefined) throw invalid('root', problem);
        await this.clusters.create(sql, {
          aid,
          cid,
          name: cluster.name ?? cid,
          root,
          localStorageClass: cluster.localStorageClass ?? null,
          distributedStorageClass: cluster.distributedStorageClass ?? null,
          isDefault: existing.length === 0,
          changedBy,
        });
        return clusterView(await this.clusters.get(sql, tenant, cid));
      }),
    );
  }
}

const invalid = (path: string, message: string): Fault =>
  new Fault('request.invalid', message, { issues: [{ path, message }] });

function parseRoot(raw: string): DnsName {
  const root = DnsName.parse(raw);
  if (root === undefined) throw invalid('root', DnsName.problem(raw) ?? `"${raw}" is no DNS name`);
  return root;
}

function refuseReservedCid(cid: string): void {
  if (reservedWords.has(cid)) throw invalid('cid', `"${cid}" is reserved by the API's own paths; choose another cid`);
}

function mintCid(existing: readonly ClusterRow[]): Cid {
  const reserved = new Set([...reservedWords, ...existing.map(({ cid }) => cid as string)]);
  return Cid.mint(systemRandom, reserved);
}
