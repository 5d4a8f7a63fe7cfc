import { Injectable } from '@nestjs/common';
import type { UpgradeComparison, UpgradePlan } from '@runos/api';
import { imageReference } from '@runos/catalog-model';
import { restartsPods } from '@runos/kube-objects';
import { Database } from '@runos/persistence';
import { rendererOf, storedType } from '@runos/service-types';
import { refuseUnfitVersion } from '../configuration/config-checks.js';
import { renderObjects } from '../rendering/render-bundle.js';
import { acceptedServiceSpec, isSameSpec, type ServiceSpec } from '../revisions/desired-spec.js';
import { blockingStateOf, stateBlock, UpgradeBlocks } from '../revisions/upgrade-blocks.js';
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
    private readonly blocks: UpgradeBlocks,
  ) {}

  /** @throws Fault as the upgrade */
  async run(name: InstanceName & { readonly version?: string | undefined }, tenant: string): Promise<UpgradePlan> {
    const instance = await this.instances.get(this.database.manager, tenant, name);
    refuseUnfitVersion(instance.type, acceptedServiceSpec(instance), targetOf(instance, name.version));
    const comparison = this.compare(instance, name.version);
    const blocked = comparison.changes
      ? this.blocks.of(instance, targetOf(instance, name.version))
      : stateBlock(blockingStateOf(instance));
    return blocked === undefined ? comparison : { ...comparison, blocked };
  }

  /** What the upgrade changes in an instance that was read, if nothing blocks it. @throws Fault as `upgradeTarget` */
  compare(instance: InstanceRow, version?: string): UpgradeComparison {
    const { osid, type } = instance;
    const current = acceptedServiceSpec(instance);
    const target = targetOf(instance, version);
    const secrets = this.secrets.unseal(instance);
    const objectsOf = (spec: ServiceSpec) => renderObjects({ osid, type, cluster: instance, spec, secrets });
    return {
      current: stateOf(type, current),
      target: stateOf(type, target),
      changes: !isSameSpec(current, target),
      restartsPods: restartsPods(objectsOf(current), objectsOf(target)),
    };
  }
}

const targetOf = (instance: InstanceRow, version: string | undefined): ServiceSpec =>
  upgradeTarget(storedType(instance.type), acceptedServiceSpec(instance), version);

function stateOf(type: string, spec: ServiceSpec): UpgradePlan['current'] {
  const { version, rendererVersion, imageRegistry } = spec;
  const image = rendererOf(storedType(type), spec).images[version];
  if (image === undefined) throw new Error(`renderer ${rendererVersion} of ${type} has no version ${version}`);
  return { version, rendererVersion, image: imageReference(image, imageRegistry ?? undefined) };
}
