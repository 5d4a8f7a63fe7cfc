import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { ConfigSet } from '@runos/api';
import { catalog, identity, type Idempotency, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus, InjectConfig } from '@runos/messaging';
import { Database, idempotent } from '@runos/persistence';
import type { ConfigSetsConfig } from '../config.js';
import { ConfigSetRepository, type Values } from './config-set-repository.js';

interface NewConfigSet {
  readonly name: string;
  readonly type: string;
  readonly values: Values;
}

const notFound = (setId: string, version = ''): Fault =>
  new Fault('configset.not_found', `There is no config set ${setId}${version && ` in version ${version}`}.`);

/** Versioned settings that instances of one account share. */
@Injectable()
export class ConfigSets {
  constructor(
    private readonly database: Database,
    private readonly repository: ConfigSetRepository,
    private readonly bus: Bus,
    @InjectConfig() private readonly config: ConfigSetsConfig,
  ) {}

  list(tenant: string): Promise<ConfigSet[]> {
    return this.repository.listLatest(this.database.manager, tenant);
  }

  /** One version `v<number>`; without one the current version. @throws Fault `configset.not_found` */
  async show(tenant: string, setId: string, version?: string): Promise<ConfigSet> {
    const number = version === undefined ? undefined : versionNumber(version);
    const found =
      number !== null ? await this.repository.findVersion(this.database.manager, tenant, setId, number) : undefined;
    if (!found) throw notFound(setId, version);
    return found;
  }

  /** Newest first. @throws Fault `configset.not_found` */
  async versions(tenant: string, setId: string): Promise<ConfigSet[]> {
    const found = await this.repository.versions(this.database.manager, tenant, setId);
    if (found.length === 0) throw notFound(setId);
    return found;
  }

  /** @throws Fault `configset.invalid`, `type.not_found`, `limit.exceeded`, `conflict.idempotency` */
  async create(tenant: string, { name, type, values }: NewConfigSet, idempotency?: Idempotency): Promise<ConfigSet> {
    await this.bus.request(catalog.checkConfigValues, { type, values: { ...values } });
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency }, async () => {
        this.#checkSetLimit(await this.repository.countForCreate(manager, tenant));
        const setId = randomUUID();
        await this.repository.create(manager, { set_id: setId, aid: tenant, name, type, latest_version: 1 }, values);
        return this.#requireWritten(await this.repository.findVersion(manager, tenant, setId), setId);
      }),
    );
  }

  /** Adds the next version. @throws Fault `configset.not_found`, `configset.invalid`, `limit.exceeded` */
  async update(tenant: string, setId: string, values: Values, idempotency?: Idempotency): Promise<ConfigSet> {
    const { type } = await this.show(tenant, setId);
    await this.bus.request(catalog.checkConfigValues, { type, values: { ...values } });
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency }, async () => {
        const version = await this.repository.addNextVersion(manager, tenant, setId, values);
        if (version === undefined) throw notFound(setId);
        this.#checkVersionLimit(version);
        return this.#requireWritten(await this.repository.findVersion(manager, tenant, setId, version), setId);
      }),
    );
  }

  /**
   * Deletes a set with its versions. No instance can pin it after the reconciler has released it, so a deletion that stops
   * there is completed by its repetition.
   * @throws Fault `configset.not_found`; `configset.in_use` with the instances that use it
   */
  async delete(tenant: string, setId: string): Promise<Pick<ConfigSet, 'setId' | 'name'>> {
    const { name, type, version } = await this.show(tenant, setId);
    await this.bus.request(reconciler.releaseConfigSet, { setId }, { tenant });
    const detail = { name, type, version };
    await this.bus.request(
      identity.recordAudit,
      { action: 'configset.delete', subject: setId, outcome: 'allowed', detail },
      { tenant },
    );
    await this.repository.remove(this.database.manager, tenant, setId);
    return { setId, name };
  }

  /** The version that an instance of `type` pins. @throws Fault `configset.not_found`, `configset.invalid` */
  async resolve(tenant: string, setId: string, type: string, version?: string): Promise<ConfigSet> {
    const set = await this.show(tenant, setId, version);
    if (set.type === type) return set;
    const message = `config set ${setId} is for ${set.type} and does not fit ${type}`;
    throw new Fault('configset.invalid', `${message}.`, { issues: [{ path: 'configSetId', message }] });
  }

  #checkSetLimit(count: number): void {
    const { maxConfigSets: value } = this.config;
    if (count < value) return;
    const message = `The account has ${count} config sets; at most ${value} are allowed.`;
    throw new Fault('limit.exceeded', message, { limit: 'maxConfigSets', value });
  }

  #checkVersionLimit(version: number): void {
    const { maxConfigSetVersions: value } = this.config;
    if (version <= value) return;
    const message = `The config set has ${version - 1} versions; at most ${value} are allowed. Create a new config set.`;
    throw new Fault('limit.exceeded', message, { limit: 'maxConfigSetVersions', value });
  }

  #requireWritten(set: ConfigSet | undefined, setId: string): ConfigSet {
    if (!set) throw new Error(`config set ${setId} was not written`);
    return set;
  }
}

/** The number of `v12`; null for an invalid version. */
function versionNumber(version: string): number | null {
  const [, digits] = /^v([1-9][0-9]{0,8})$/.exec(version) ?? [];
  return digits === undefined ? null : Number(digits);
}
