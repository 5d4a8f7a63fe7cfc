import { Injectable } from '@nestjs/common';
import type { ServiceFields } from '@runos/api';
import { catalog, configSets } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus, InjectConfig } from '@runos/messaging';
import {
  app,
  latestRenderer,
  newerBuild,
  offeredVersions,
  type OfferedName,
  serviceType,
  serviceTypes,
  storedType,
} from '@runos/service-types';
import type { z } from 'zod';
import { domainOf } from '../clusters/cluster-view.js';
import { refuseClusterHosts } from '../instances/custom-domains.js';
import type { ReconcilerConfig } from '../config.js';
import { refuseConflictingValues, refuseUnfitValues } from '../configuration/config-checks.js';
import { emptyEnvironment } from '../environment/environment.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import type { InstanceRow } from '../schema/instance-row.js';
import {
  acceptedSpec,
  type AppSpec,
  type DesiredSpec,
  type PinnedConfig,
  type ServiceSpec,
  withAutoRollback,
  withWriters,
} from './desired-spec.js';
import { isRefusal } from './fault-or.js';

export interface ResolvedSpec {
  readonly spec: DesiredSpec;
  /** Why this request changed the class to `custom`, if it did. */
  readonly rrcFlipHint: string | undefined;
}

type ResolveInput = z.input<typeof catalog.resolveInstance.input>;
type StorageClasses = Pick<ClusterRow, 'local_storage_class' | 'distributed_storage_class'>;
/** What names the domain of a cluster. */
type NamedCluster = Pick<ClusterRow, 'aid' | 'cid' | 'root'>;

/** Resolves the fields of a request to a complete spec, with the catalog and the config sets. */
@Injectable()
export class SpecResolver {
  constructor(
    private readonly bus: Bus,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  forCreate(
    tenant: string,
    type: string,
    fields: ServiceFields,
    cluster: StorageClasses & NamedCluster,
  ): Promise<ResolvedSpec> {
    return type === app.type ? this.#newApp(fields, cluster) : this.#newService(tenant, type, fields, cluster);
  }

  async #newApp(fields: ServiceFields, cluster: NamedCluster): Promise<ResolvedSpec> {
    const { sizing, inputs, rrcFlipHint } = await this.bus.request(catalog.resolveApp, { fields });
    refuseClusterHosts(inputs.servicePortMappings, domainOf(cluster));
    const spec: AppSpec = {
      kind: 'app',
      sizing,
      inputs,
      rendererVersion: latestRenderer(app),
      environment: emptyEnvironment,
      requires: {},
      links: {},
      driftPolicy: fields.driftPolicy ?? 'repair',
      restartedAt: null,
    };
    return { spec: withOptionalFields(spec, fields), rrcFlipHint };
  }

  async #newService(
    tenant: string,
    type: string,
    fields: ServiceFields,
    cluster: StorageClasses,
  ): Promise<ResolvedSpec> {
    const definition = serviceType(type);
    const [resolved, config] = await Promise.all([
      this.#resolve({ type, fields, cluster: storageClasses(cluster), versions: offeredVersions(definition) }),
      this.#pinConfig(tenant, type, fields),
    ]);
    const { rrcFlipHint, ...sized } = resolved;
    const spec: ServiceSpec = {
      kind: 'service',
      ...sized,
      rendererVersion: latestRenderer(definition),
      requires: {},
      driftPolicy: fields.driftPolicy ?? 'repair',
      config,
      restartedAt: null,
      imageRegistry: this.config.imageRegistry ?? null,
    };
    refuseUnfitValues(type, spec, () => 'configSetId');
    refuseConflictingValues(type, spec);
    return { spec: withOptionalFields(spec, fields), rrcFlipHint };
  }

  /** Keeps every field that the update does not name, also the version, the renderer and the pinned config set. */
  forUpdate(instance: InstanceRow, fields: ServiceFields, clearsAbsent = false): Promise<ResolvedSpec> {
    const current = acceptedSpec(instance);
    return current.kind === 'app'
      ? this.#updatedApp(instance, current, fields, clearsAbsent)
      : this.#updatedService(instance, current, fields);
  }

  async #updatedApp(
    cluster: NamedCluster,
    current: AppSpec,
    { driftPolicy, ...fields }: ServiceFields,
    clearsAbsent: boolean,
  ): Promise<ResolvedSpec> {
    const { sizing, inputs, rrcFlipHint } = await this.bus.request(catalog.resolveApp, {
      fields,
      current: { sizing: current.sizing, inputs: current.inputs },
      clearsAbsent,
    });
    // Stored hosts stay as they are: an earlier build has accepted them.
    if (fields['servicePortMappings'] !== undefined) refuseClusterHosts(inputs.servicePortMappings, domainOf(cluster));
    const spec: AppSpec = { ...current, sizing, inputs, driftPolicy: driftPolicy ?? current.driftPolicy };
    return { spec: withOptionalFields(spec, fields), rrcFlipHint };
  }

  async #updatedService(
    instance: InstanceRow,
    current: ServiceSpec,
    { driftPolicy, ...fields }: ServiceFields,
  ): Promise<ResolvedSpec> {
    const { type } = instance;
    const { sizing, inputs, rrcFlipHint } = await this.#resolve({
      type,
      fields,
      current: { sizing: current.sizing, inputs: current.inputs, volumeCapacityMb: instance.volume_capacity_mb },
      cluster: storageClasses(instance),
      versions: offeredVersions(storedType(type)),
    });
    const spec: ServiceSpec = { ...current, sizing, inputs, driftPolicy: driftPolicy ?? current.driftPolicy };
    refuseConflictingValues(type, spec);
    return { spec: withOptionalFields(spec, fields), rrcFlipHint };
  }

  /**
   * Requests from the catalog whether it offers a name that this build does not know.
   * @throws Fault `unavailable` when the catalog is of a newer build that offers it, or does not reply
   */
  async refuseNewer({ type, version }: OfferedName): Promise<void> {
    const known = serviceTypes.find((each) => each.type === type);
    try {
      await this.bus.request(catalog.resolveInstance, {
        type,
        fields: version === undefined ? {} : { version },
        cluster: { localStorageClass: null, distributedStorageClass: null },
        versions: known === undefined ? [] : offeredVersions(known),
      });
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** @throws Fault as the contract; `unavailable` for a type of this build that an older catalog lacks */
  async #resolve(input: ResolveInput) {
    try {
      return await this.bus.request(catalog.resolveInstance, input);
    } catch (error) {
      const isOlder = error instanceof Fault && error.code === 'type.not_found';
      throw isOlder ? newerBuild(`service type ${input.type}`) : error;
    }
  }

  /** The catalog validates the combination of `configType` and `configSetId`. */
  async #pinConfig(
    tenant: string,
    type: string,
    { configType, configSetId }: ServiceFields,
  ): Promise<PinnedConfig | null> {
    if (configSetId === undefined || configType === 'custom') return null;
    return this.pin(tenant, { setId: configSetId, type });
  }

  /** A version of a config set, by default the latest. @throws Fault `configset.not_found`, `configset.invalid` */
  async pin(
    tenant: string,
    named: { setId: string; type: string; version?: string | undefined },
  ): Promise<PinnedConfig> {
    const { version, values, setId } = await this.bus.request(configSets.resolveConfigSet, named, { tenant });
    return { setId, version, values };
  }
}

/** A spec with what a request names of the fields that are absent unless they are given. It keeps the others. */
function withOptionalFields(spec: DesiredSpec, { allowedWriters, autoRollback }: ServiceFields): DesiredSpec {
  const written = withWriters(spec, allowedWriters ?? spec.allowedWriters);
  return withAutoRollback(written, autoRollback === undefined ? spec.autoRollback : autoRollback);
}

const storageClasses = ({ local_storage_class, distributed_storage_class }: StorageClasses) => ({
  localStorageClass: local_storage_class,
  distributedStorageClass: distributed_storage_class,
});
