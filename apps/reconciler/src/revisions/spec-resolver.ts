import { Injectable } from '@nestjs/common';
import type { ServiceFields } from '@runos/api';
import type { ServiceType } from '@runos/catalog-model';
import { catalog, configSets } from '@runos/contracts';
import { Bus, InjectConfig } from '@runos/messaging';
import { latestRenderer, serviceType, storedType } from '@runos/service-types';
import type { ReconcilerConfig } from '../config.js';
import { refuseConflictingValues, refuseUnfitValues } from '../configuration/config-checks.js';
import type { ClusterRow } from '../schema/cluster-row.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { acceptedSpec, type DesiredSpec, type PinnedConfig, withWriters } from './desired-spec.js';

export interface ResolvedSpec {
  readonly spec: DesiredSpec;
  /** Why this request changed the class to `custom`, if it did. */
  readonly rrcFlipHint: string | undefined;
}

type StorageClasses = Pick<ClusterRow, 'local_storage_class' | 'distributed_storage_class'>;

/** Resolves the fields of a request to a complete spec, with the catalog and the config sets. */
@Injectable()
export class SpecResolver {
  constructor(
    private readonly bus: Bus,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async forCreate(tenant: string, type: string, fields: ServiceFields, cluster: StorageClasses): Promise<ResolvedSpec> {
    const definition = serviceType(type);
    const [resolved, config] = await Promise.all([
      this.bus.request(catalog.resolveInstance, {
        type,
        fields,
        cluster: storageClasses(cluster),
        versions: renderedVersions(definition),
      }),
      this.#pinConfig(tenant, type, fields),
    ]);
    const { rrcFlipHint, ...sized } = resolved;
    const spec: DesiredSpec = {
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
    return { spec: withWriters(spec, fields.allowedWriters), rrcFlipHint };
  }

  /** Keeps every field that the update does not name, also the version, the renderer and the pinned config set. */
  async forUpdate(instance: InstanceRow, { driftPolicy, ...fields }: ServiceFields): Promise<ResolvedSpec> {
    const { type } = instance;
    const current = acceptedSpec(instance);
    const { sizing, inputs, rrcFlipHint } = await this.bus.request(catalog.resolveInstance, {
      type,
      fields,
      current: { sizing: current.sizing, inputs: current.inputs, volumeCapacityMb: instance.volume_capacity_mb },
      cluster: storageClasses(instance),
      versions: renderedVersions(storedType(type)),
    });
    const spec: DesiredSpec = { ...current, sizing, inputs, driftPolicy: driftPolicy ?? current.driftPolicy };
    refuseConflictingValues(type, spec);
    return { spec: withWriters(spec, fields.allowedWriters ?? current.allowedWriters), rrcFlipHint };
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

/** The versions that this build renders for new instances; the catalog may be of another build. */
const renderedVersions = (type: ServiceType): string[] =>
  Object.keys(type.renderers[latestRenderer(type)]?.images ?? {});

const storageClasses = ({ local_storage_class, distributed_storage_class }: StorageClasses) => ({
  localStorageClass: local_storage_class,
  distributedStorageClass: distributed_storage_class,
});
