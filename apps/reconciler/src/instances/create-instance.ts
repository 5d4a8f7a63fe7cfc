import { Injectable } from '@nestjs/common';
import type { CreatedService } from '@runos/api';
import type { JobProgress, reconciler } from '@runos/contracts';
import { Fault, setCondition, systemRandom } from '@runos/kernel';
import { Host } from '@runos/naming';
import { type Osid, TypeName } from '@runos/osid';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { mintSecrets, serviceType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { By } from '../by.js';
import { type ClusterRow, domainOf } from '../clusters/cluster-row.js';
import { Clusters } from '../clusters/clusters.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import { beginJob } from '../jobs/begin-job.js';
import { mintJobId } from '../jobs/mint-job-id.js';
import { refuseOver } from '../limits.js';
import { renderBundle } from '../rendering/render-bundle.js';
import { insertInstance } from '../revisions/write-revision.js';
import { Accepted } from './accepted.js';
import { instancesOf } from './count-instances.js';
import { mintOsid } from './mint-osid.js';
import { Resolver, type Wish } from './resolver.js';
import { Secrets } from './secrets.js';
import { inWordsOf } from './spec-words.js';

type Input = z.output<typeof reconciler.createInstance.input>;
type Answer = z.output<typeof CreatedService>;

@Injectable()
export class CreateInstance {
  constructor(
    private readonly database: Database,
    private readonly clusters: Clusters,
    private readonly resolver: Resolver,
    private readonly secrets: Secrets,
    private readonly accepted: Accepted,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async run(input: Input, by: By): Promise<Answer> {
    const { tenant } = by;
    const cluster = await this.clusters.get(this.database.manager, tenant, input.cid);
    refuseDeleting(cluster);
    const wish = await this.resolver.forNew(tenant, input.type, input.fields, cluster);
    let opened: JobProgress | undefined;
    const answer = await this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency: input.idempotency }, async () => {
        const made = await this.#make(sql, input, wish, by);
        opened = made.opened;
        return made.answer;
      }),
    );
    await this.accepted.follow(opened);
    return answer;
  }

  async #make(sql: EntityManager, { cid, type, fields }: Input, wish: Wish, { tenant, who }: By) {
    // Held until the commit: a cluster that is deleted at the same time sees this instance, or this finds it deleting.
    const cluster = await this.clusters.get(sql, tenant, cid, 'keep');
    refuseDeleting(cluster);
    const limit = this.config.maxInstancesPerCluster;
    refuseOver(limit, await instancesOf(sql, cluster.id, limit), 'service instances', `Cluster "${cid}"`);
    const { osid, id: iid } = await mintOsid(sql, tenant, type as TypeName);
    refuseHosts(osid, type, cluster);
    const secrets = mintSecrets(serviceType(type), systemRandom);
    const bundle = renderBundle({ osid, type, cluster, spec: wish.spec, secrets }, this.config.maxBundleBytes);
    const name = fields.name ?? osid;
    const now = await databaseNow(sql);
    const jobId = mintJobId(now);
    const instanceId = await insertInstance(sql, {
      ...wish,
      aid: tenant,
      clusterId: cluster.id,
      iid,
      type,
      osid,
      name,
      secretsSealed: this.secrets.seal(osid, secrets),
      digest: bundle.digest,
      jobId,
      who,
      conditions: setCondition([], accepted, 1, now),
    });
    const opened = await beginJob(sql, {
      jobId,
      type: 'service.create',
      kind: 'apply',
      aid: tenant,
      cid,
      clusterId: cluster.id,
      instanceId,
      osid,
      generation: 1,
      revision: 1,
      present: cluster.present,
      now,
      ...this.accepted.clock,
      logs: [
        { step: 'validate', level: 'info', message: inWordsOf(wish.spec) },
        {
          step: 'render',
          level: 'info',
          message: `Rendered ${bundle.bytes} bytes, digest ${bundle.digest.slice(0, 12)}.`,
        },
      ],
    });
    const hint = wish.rrcFlipHint === undefined ? {} : { rrcFlipHint: wish.rrcFlipHint };
    const answer: Answer = { id: iid, osid, name, status: 'pending', jobId, ...hint };
    return { opened, answer };
  }
}

const accepted = { type: 'Accepted', status: 'True', reason: 'Accepted', message: '' } as const;

function refuseDeleting({ cid, deleting_since }: ClusterRow): void {
  if (deleting_since === null) return;
  throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted; nothing can be created in it.`);
}

function refuseHosts(osid: Osid, type: string, cluster: ClusterRow): void {
  const ports = serviceType(type).ports.map(({ port }) => port);
  const [message] = Host.problems(osid, ports, domainOf(cluster));
  if (message === undefined) return;
  throw new Fault('request.invalid', `No instance of ${type} fits into cluster "${cluster.cid}": ${message}`, {
    issues: [{ path: 'cid', message }],
  });
}
