import { Injectable } from '@nestjs/common';
import type { UpgradePlan } from '@runos/api';
import { imageReference } from '@runos/catalog-model';
import { Database } from '@runos/persistence';
import { rendererOf, storedType } from '@runos/service-types';
import { refuseUnfitVersion } from '../configuration/config-checks.js';
import { renderObjects } from '../rendering/render-bundle.js';
import { restartsPods } from '../rendering/restarts-pods.js';
import { acceptedSpec, type DesiredSpec, isSameSpec } from '../revisions/desired-spec.js';
import { upgradeTarget } from '../revisions/upgrade-target.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { type InstanceName, InstanceRepository } from './instance-repository.js';
import { InstanceSecrets } from './instance-secrets.js';

/** Compares the accepted spec of an instance with the target of its upgrade, and writes nothing. */
@Injectable()
export class PlanUpgrade {
  constructor(
    private readonly database: Database,
    private readonly instances: InstanceRepository,
    private readonly secrets: InstanceSecrets,
  ) {}

  /** @throws Fault as the upgrade */
  async run(name: InstanceName & { readonly version?: string | undefined }, tenant: string): Promise<UpgradePlan> {
    return this.compare(await this.instances.get(this.database.manager, tenant, name), name.version);
  }

  /** As `run`, for an instance that was read. */
  compare(instance: InstanceRow, version?: string): UpgradePlan {
    const { osid, type } = instance;
    const current = acceptedSpec(instance);
    const target = upgradeTarget(storedType(type), current, version);
    refuseUnfitVersion(type, current, target);
    const secrets = this.secrets.unseal(instance);
    const objectsOf = (spec: DesiredSpec) => renderObjects({ osid, type, cluster: instance, spec, secrets });
    return {
      current: stateOf(type, current),
      target: stateOf(type, target),
      changes: !isSameSpec(current, target),
      restartsPods: restartsPods(objectsOf(current), objectsOf(target)),
    };
  }
}

function stateOf(type: string, spec: DesiredSpec): UpgradePlan['current'] {
  const { version, rendererVersion, imageRegistry } = spec;
  const image = rendererOf(storedType(type), spec).images[version];
  if (image === undefined) throw new Error(`renderer ${rendererVersion} of ${type} has no version ${version}`);
  return { version, rendererVersion, image: imageReference(image, imageRegistry ?? undefined) };
}
