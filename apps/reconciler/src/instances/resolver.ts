import { Injectable } from '@nestjs/common';
import type { CreateService, UpdateService } from '@runos/api';
import { catalog, configSets } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { serviceType } from '@runos/service-types';
import type { ClusterRow } from '../clusters/cluster-row.js';
import { InjectConfig, type ReconcilerConfig } from '../config.js';
import type { PinnedConfig, Spec } from '../revisions/spec.js';
import type { InstanceRow } from './instance-row.js';

/** What somebody asks for, in full. */
export interface Wish {
  readonly spec: Spec;
  /** Why the class became `custom`, if it did by this request. */
  readonly rrcFlipHint: string | undefined;
}

type StorageClasses = Pick<ClusterRow, 'local_storage_class' | 'distributed_storage_class'>;

/** Turns what a request says into a whole spec, by asking the catalog and the config sets. */
@Injectable()
export class Resolver {
  constructor(
    private readonly bus: Bus,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  async forNew(tenant: string, type: string, fields: CreateService, cluster: StorageClasses): Promise<Wish> {
    serviceType(type);
    const [resolved, config] = await Promise.all([
      this.bus.request(catalog.resolveInstance, { type, fields, cluster: classesOf(cluster) }),
      this.#pin(tenant, type, fields),
    ]);
    const { rrcFlipHint, ...asked } = resolved;
    const spec: Spec = {
      ...asked,
      driftPolicy: fields.driftPolicy ?? 'repair',
      config,
      restartedAt: null,
      imageRegistry: this.config.imageRegistry ?? null,
    };
    refuseClashes(type, spec);
    return { spec, rrcFlipHint };
  }

  /** A change keeps everything it does not name, also the version, the renderer and the pinned config set. */
  async forChange(instance: InstanceRow, { driftPolicy, ...fields }: UpdateService): Promise<Wish> {
    const { type, spec: before } = instance;
    const { sizing, rrcFlipHint } = await this.bus.request(catalog.resolveInstance, {
      type,
      fields,
      current: before.sizing,
      cluster: classesOf(instance),
    });
    const spec: Spec = { ...before, sizing, driftPolicy: driftPolicy ?? before.driftPolicy };
    refuseClashes(type, spec);
    return { spec, rrcFlipHint };
  }

  async #pin(tenant: string, type: string, { configType, configSetId }: CreateService): Promise<PinnedConfig | null> {
    // What does not go together is the catalog's to say.
    if (configSetId === undefined || configType === 'custom') return null;
    const { version, values, setId } = await this.bus.request(
      configSets.resolveConfigSet,
      { setId: configSetId, type },
      { tenant },
    );
    return { setId, version, values };
  }
}

const classesOf = ({ local_storage_class, distributed_storage_class }: StorageClasses) => ({
  localStorageClass: local_storage_class,
  distributedStorageClass: distributed_storage_class,
});

/** Values of a config set that the size cannot carry (more shared memory than there is). */
function refuseClashes(type: string, { sizing, config }: Spec): void {
  const issues = serviceType(type).clashes?.(sizing, config?.values ?? {}) ?? [];
  if (issues.length === 0) return;
  throw new Fault('sizing.invalid', issues.map(({ message }) => message).join('; '), { issues });
}
