import { Injectable } from '@nestjs/common';
import type { reconciler } from '@runos/contracts';
import { invalidInput } from '@runos/kernel';
import { storedType } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { InstanceWrites } from '../instances/instance-writes.js';
import { DataLossGuard } from '../revisions/data-loss-guard.js';
import {
  acceptedServiceSpec,
  describeConfig,
  type ServiceSpec,
  type PinnedConfig,
  isSameSpec,
} from '../revisions/desired-spec.js';
import { RevisionWriter } from '../revisions/revision-writer.js';
import { SpecResolver } from '../revisions/spec-resolver.js';
import type { InstanceRow } from '../schema/instance-row.js';
import type { Caller } from '../writes/preconditions.js';
import { refuseConflictingValues, refuseUnfitValues } from './config-checks.js';
import { ConfigSetUseRepository } from './config-set-use-repository.js';

type SetValues = z.output<typeof reconciler.setAdvancedConfig.input>;
type Changed = z.output<typeof reconciler.setAdvancedConfig.output>;
type Convert = z.output<typeof reconciler.convertToCustomConfig.input>;
type Converted = z.output<typeof reconciler.convertToCustomConfig.output>;
type UpgradeSet = z.output<typeof reconciler.upgradeConfigSet.input>;

type Values = Readonly<Record<string, string>>;

/** Changes the settings of instances. Each change is a rollout, as an update is. */
@Injectable()
export class ChangeConfiguration {
  constructor(
    private readonly writes: InstanceWrites,
    private readonly resolver: SpecResolver,
    private readonly sets: ConfigSetUseRepository,
    private readonly revisions: RevisionWriter,
    private readonly dataLoss: DataLossGuard,
  ) {}

  /**
   * Sets custom values: absent ones stay, and an empty text removes one.
   * @throws Fault `configset.invalid` for values with which the service would not start
   * @throws Fault `configset.invalid` for an instance with a config set
   * @throws Fault `sizing.invalid` for values that exceed its size
   */
  setValues(input: SetValues, caller: Caller): Promise<Changed> {
    return this.writes.run<Changed>(input, caller, (sql, instance) => {
      const current = acceptedServiceSpec(instance);
      const values = mergeValues(customValues(instance, current), input.values);
      const config = Object.keys(values).length === 0 ? null : { setId: null, version: null, values };
      const spec: ServiceSpec = { ...current, config };
      refuseUnfitValues(instance.type, spec, (path) => path.replace(/^values\./, ''));
      return this.#write(sql, instance, spec, input.force, caller);
    });
  }

  /** Copies the values of the config set. The objects stay as they are, so that no pod restarts. */
  convert(input: Convert, caller: Caller): Promise<Converted> {
    return this.writes.run<Converted>(input, caller, async (sql, instance) => {
      const { osid } = instance;
      refuseWithoutSettings(instance);
      const current = acceptedServiceSpec(instance);
      const advanced = { ...current.config?.values };
      const custom = { osid, configType: 'custom', advanced } as const;
      if (current.config === null || current.config.setId === null) {
        return { ...custom, message: `${osid} has custom settings already.` };
      }
      const message = `${osid} has the values of ${describeConfig(current.config)} as custom settings.`;
      const spec: ServiceSpec = { ...current, config: { setId: null, version: null, values: advanced } };
      const { changedBy } = caller;
      const jobId = await this.revisions.writeSpec(sql, instance, { spec, type: 'service.update', changedBy });
      return { ...custom, message, jobId };
    });
  }

  /**
   * Moves to another version of the config set, by default to the latest.
   * @throws Fault `configset.not_found`; `configset.invalid` and `sizing.invalid` as `setValues`
   */
  upgradeSet(input: UpgradeSet, caller: Caller): Promise<Changed> {
    return this.writes.run<Changed>(input, caller, async (sql, instance) => {
      const { type } = instance;
      const current = acceptedServiceSpec(instance);
      const setId = requireSet(instance, current.config);
      await this.sets.keep(sql, caller.tenant, setId);
      const config = await this.resolver.pin(caller.tenant, { setId, type, version: input.version });
      const spec: ServiceSpec = { ...current, config };
      if (!isSameSpec(current, spec)) refuseUnfitValues(type, spec, () => 'version');
      return this.#write(sql, instance, spec, input.force, caller);
    });
  }

  async #write(
    sql: EntityManager,
    instance: InstanceRow,
    spec: ServiceSpec,
    force: boolean | undefined,
    { changedBy }: Caller,
  ): Promise<Changed> {
    const { osid } = instance;
    if (isSameSpec(acceptedServiceSpec(instance), spec)) {
      return { osid, noOp: true, message: `${osid} has the requested settings already.` };
    }
    refuseConflictingValues(instance.type, spec);
    this.dataLoss.refuseChange(instance, spec, force);
    return { jobId: await this.revisions.writeSpec(sql, instance, { spec, type: 'service.update', changedBy, force }) };
  }
}

function mergeValues(current: Values, changes: Values): Values {
  const merged = Object.entries({ ...current, ...changes });
  return Object.fromEntries(merged.filter(([key, value]) => value !== '' || !Object.hasOwn(changes, key)));
}

function refuseWithoutSettings({ type }: InstanceRow): void {
  if (storedType(type).config !== undefined) return;
  throw invalidInput('configset.invalid', [{ path: 'type', message: `${type} has no settings that can be changed` }]);
}

function customValues(instance: InstanceRow, { config }: ServiceSpec): Values {
  refuseWithoutSettings(instance);
  if (config === null || config.setId === null) return config?.values ?? {};
  const message = `${instance.osid} uses ${describeConfig(config)}; convert it to custom settings first (convert-to-custom), or upgrade its config set`;
  throw invalidInput('configset.invalid', [{ path: 'configType', message }]);
}

function requireSet(instance: InstanceRow, config: PinnedConfig | null): string {
  refuseWithoutSettings(instance);
  if (config !== null && config.setId !== null) return config.setId;
  const message = `${instance.osid} has custom settings and no config set; change them by set-advanced-configs`;
  throw invalidInput('configset.invalid', [{ path: 'configType', message }]);
}
