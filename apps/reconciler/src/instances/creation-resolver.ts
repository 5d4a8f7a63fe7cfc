import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { Fault, systemRandom } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Host } from '@runos/naming';
import type { PackedBundle } from '@runos/kube-objects';
import { type Osid, TypeName } from '@runos/osid';
import { Database } from '@runos/persistence';
import { type AppLinks, instanceType, mintSecrets } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { RequiredAddons } from '../addons/required-addons.js';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { domainOf } from '../clusters/cluster-view.js';
import { ConfigSetUseRepository } from '../configuration/config-set-use-repository.js';
import type { ReconcilerConfig } from '../config.js';
import type { LogLine } from '../jobs/work-items.js';
import { NodePins } from '../nodes/node-pins.js';
import { refuseDeleting } from '../clusters/refuse-deleting.js';
import { LinkResolver, linksOf } from '../links/link-resolver.js';
import { PullCredentialResolver } from '../registries/pull-credential-resolver.js';
import { renderBundle } from '../rendering/render-bundle.js';
import type { AppSpec, DesiredSpec } from '../revisions/desired-spec.js';
import { type ResolvedSpec, SpecResolver } from '../revisions/spec-resolver.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import { refuseOverLimit } from '../writes/preconditions.js';
import { InstanceRepository } from './instance-repository.js';
import { InstanceSecrets, type UnsealedSecrets } from './instance-secrets.js';
import { portsOf } from './instance-view.js';
import { MintedIdRepository } from './minted-id-repository.js';
import { Requirements } from './requirements.js';

type Input = Pick<z.output<typeof reconciler.createInstance.input>, 'cid' | 'type' | 'fields'>;

/** An instance that a creation would make. */
export interface ResolvedCreation extends ResolvedSpec {
  readonly cluster: ClusterRow;
  readonly osid: Osid;
  readonly iid: string;
  readonly displayName: string;
  readonly secrets: UnsealedSecrets;
  readonly bundle: PackedBundle;
  /** A line for each add-on that the instance has to wait for. */
  readonly awaitedAddons: readonly LogLine[];
  readonly warnings: readonly string[];
}

/** Resolves a creation to the new instance, for the creation and for its plan. */
@Injectable()
export class CreationResolver {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly instances: InstanceRepository,
    private readonly mintedIds: MintedIdRepository,
    private readonly resolver: SpecResolver,
    private readonly requirements: Requirements,
    private readonly links: LinkResolver,
    private readonly pulls: PullCredentialResolver,
    private readonly addons: RequiredAddons,
    private readonly pins: NodePins,
    private readonly configSets: ConfigSetUseRepository,
    private readonly secrets: InstanceSecrets,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /**
   * Resolves the spec before the transaction, because that takes requests. The returned function mints the id and requests
   * the add-ons.
   * @throws Fault `conflict.deleting`, `configset.not_found`, `addon.missing`, `limit.exceeded`, `sizing.invalid`, `request.too_large`
   */
  async prepare(input: Input, tenant: string): Promise<(sql: EntityManager) => Promise<ResolvedCreation>> {
    const cluster = await this.clusters.get(this.database.manager, tenant, input.cid);
    refuseDeleting(cluster);
    const resolved = await this.resolver.forCreate(tenant, input.type, input.fields, cluster);
    return (sql) => this.#resolve(sql, input, resolved, tenant);
  }

  async #resolve(
    sql: EntityManager,
    { cid, type, fields }: Input,
    resolved: ResolvedSpec,
    tenant: string,
  ): Promise<ResolvedCreation> {
    // Locked until the commit: a concurrent deletion of the cluster counts this instance, or this finds it deleting.
    const cluster = await this.clusters.get(sql, tenant, cid, 'job');
    refuseDeleting(cluster);
    const warnings = await this.pins.check(sql, cluster, resolved.spec);
    const setId = resolved.spec.kind === 'service' ? resolved.spec.config?.setId : undefined;
    if (typeof setId === 'string') await this.configSets.keep(sql, tenant, setId);
    const awaitedAddons = await this.addons.ensure(sql, cluster, type);
    const limit = this.config.maxInstancesPerCluster;
    const count = await this.instances.countForCreate(sql, cluster.id, limit);
    refuseOverLimit(limit, count, 'instances', `Cluster "${cid}"`);
    const { osid, id: iid } = await this.mintedIds.mintOsid(sql, tenant, type as TypeName);
    refuseInvalidHosts(osid, type, resolved.spec, cluster);
    const secrets = this.secrets.of(osid, mintSecrets(instanceType(type), systemRandom));
    const name = { aid: tenant, cid, osid };
    const spec =
      resolved.spec.kind === 'app'
        ? await this.#newApp(sql, name, resolved.spec, linksOf(fields), secrets)
        : { ...resolved.spec, requires: await this.requirements.find(sql, tenant, { cid, type, fields }) };
    const bundle = renderBundle({ osid, type, cluster, spec, secrets }, this.config.maxBundleBytes);
    const displayName = fields.name ?? osid;
    return { ...resolved, spec, cluster, osid, iid, displayName, secrets, bundle, awaitedAddons, warnings };
  }

  async #newApp(
    sql: EntityManager,
    name: { readonly aid: string; readonly cid: string; readonly osid: Osid },
    resolved: AppSpec,
    links: AppLinks | undefined,
    secrets: UnsealedSecrets,
  ): Promise<AppSpec> {
    const linked = await this.links.link(sql, name, resolved, links, secrets);
    return this.pulls.refresh(sql, name, linked, secrets);
  }
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
