import { Injectable } from '@nestjs/common';
import type { CreatedService } from '@runos/api';
import type { reconciler } from '@runos/contracts';
import { Fault, setCondition, systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Host } from '@runos/naming';
import { type Osid, TypeName } from '@runos/osid';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { instanceType, mintSecrets, resolveAppSource } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { RequiredAddons } from '../addons/required-addons.js';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { domainOf } from '../clusters/cluster-view.js';
import { ConfigSetUseRepository } from '../configuration/config-set-use-repository.js';
import type { ReconcilerConfig } from '../config.js';
import { jobTypeOf } from '../jobs/queue-plan.js';
import { JobStarter, mintJobId } from '../jobs/job-starter.js';
import { LinkResolver, linksOf } from '../links/link-resolver.js';
import { renderBundle } from '../rendering/render-bundle.js';
import { type DesiredSpec, describeSpec } from '../revisions/desired-spec.js';
import { RevisionRepository } from '../revisions/revision-repository.js';
import { acceptedCondition } from '../revisions/revision-writer.js';
import { type ResolvedSpec, SpecResolver } from '../revisions/spec-resolver.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { type Caller, refuseOverLimit } from '../writes/preconditions.js';
import { DependentRepository } from './dependent-repository.js';
import { InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';
import { portsOf } from './instance-view.js';
import { Requirements } from './requirements.js';

type Input = z.output<typeof reconciler.createInstance.input>;
type Created = z.output<typeof CreatedService>;

@Injectable()
export class CreateInstance {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly instances: InstanceRepository,
    private readonly revisions: RevisionRepository,
    private readonly resolver: SpecResolver,
    private readonly requirements: Requirements,
    private readonly links: LinkResolver,
    private readonly dependents: DependentRepository,
    private readonly addons: RequiredAddons,
    private readonly configSets: ConfigSetUseRepository,
    private readonly secrets: InstanceSecrets,
    private readonly jobs: JobStarter,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `conflict.deleting`, `configset.not_found`, `addon.missing`, `limit.exceeded`, `sizing.invalid`, `request.too_large`, `conflict.idempotency` */
  async run(input: Input, caller: Caller): Promise<Created> {
    const { tenant } = caller;
    const cluster = await this.clusters.get(this.database.manager, tenant, input.cid);
    refuseDeletingCluster(cluster);
    const resolved = await this.resolver.forCreate(tenant, input.type, input.fields, cluster);
    return this.database.transaction((sql) =>
      idempotent(sql, { tenant, idempotency: input.idempotency }, () => this.#create(sql, input, resolved, caller)),
    );
  }

  async #create(sql: EntityManager, { cid, type, fields }: Input, resolved: ResolvedSpec, caller: Caller) {
    const { tenant, changedBy } = caller;
    const { rrcFlipHint } = resolved;
    // Locked until the commit: a concurrent deletion of the cluster counts this instance, or this finds it deleting.
    const cluster = await this.clusters.get(sql, tenant, cid, 'job');
    refuseDeletingCluster(cluster);
    const setId = resolved.spec.kind === 'service' ? resolved.spec.config?.setId : undefined;
    if (typeof setId === 'string') await this.configSets.keep(sql, tenant, setId);
    const awaitedAddons = await this.addons.ensure(sql, cluster, type);
    const limit = this.config.maxInstancesPerCluster;
    const count = await this.instances.countForCreate(sql, cluster.id, limit);
    refuseOverLimit(limit, count, 'instances', `Cluster "${cid}"`);
    const { osid, id: iid } = await this.instances.mintOsid(sql, tenant, type as TypeName);
    refuseInvalidHosts(osid, type, resolved.spec, cluster);
    const generated = mintSecrets(instanceType(type), systemRandom);
    const secrets = this.secrets.of(osid, generated);
    const name = { aid: tenant, cid, osid };
    const spec =
      resolved.spec.kind === 'app'
        ? await this.links.link(sql, name, resolved.spec, linksOf(fields), secrets)
        : { ...resolved.spec, requires: await this.requirements.find(sql, tenant, { cid, type, fields }) };
    const { digest, bytes } = renderBundle({ osid, type, cluster, spec, secrets }, this.config.maxBundleBytes);
    const displayName = fields.name ?? osid;
    const now = await databaseNow(sql);
    const jobId = mintJobId(now);
    const instanceId = await this.revisions.createInstance(sql, {
      spec,
      aid: tenant,
      clusterId: cluster.id,
      iid,
      type,
      osid,
      name: displayName,
      source: spec.kind === 'app' ? resolveAppSource(fields, {}) : {},
      secretsSealed: this.secrets.seal(osid, generated),
      digest,
      jobId,
      changedBy,
      conditions: setCondition([], acceptedCondition, 1, now),
    });
    await this.dependents.replace(sql, { id: instanceId, aid: tenant }, spec.requires);
    await this.jobs.start(sql, {
      jobId,
      type: jobTypeOf(spec.kind, 'create'),
      kind: 'apply',
      aid: tenant,
      cid,
      clusterId: cluster.id,
      instanceId,
      osid,
      generation: 1,
      revision: 1,
      connected: cluster.connected,
      installsAddon: awaitedAddons.length > 0,
      now,
      logs: [
        { step: 'validate', level: 'info', message: describeSpec(spec) },
        { step: 'render', level: 'info', message: `Rendered ${bytes} bytes, digest ${digest.slice(0, 12)}.` },
        ...awaitedAddons,
      ],
    });
    const hint = rrcFlipHint === undefined ? {} : { rrcFlipHint };
    const created: Created = { id: iid, osid, name: displayName, status: 'pending', jobId, ...hint };
    return created;
  }
}

function refuseDeletingCluster({ cid, deletion_requested_at }: ClusterRow): void {
  if (deletion_requested_at === null) return;
  throw new Fault('conflict.deleting', `Cluster "${cid}" is being deleted; nothing can be created in it.`);
}

/** Refuses an instance whose hosts would be longer than a DNS name may be. */
function refuseInvalidHosts(osid: Osid, type: string, spec: DesiredSpec, cluster: ClusterRow): void {
  const ports = portsOf(type, spec);
  const [message] = Host.problems(osid, ports, domainOf(cluster));
  if (message === undefined) return;
  throw new Fault('request.invalid', `No instance of ${type} fits into cluster "${cluster.cid}": ${message}`, {
    issues: [{ path: 'cid', message }],
  });
}
