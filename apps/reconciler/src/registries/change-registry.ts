import { Injectable } from '@nestjs/common';
import type { InputOf, OutputOf, reconciler } from '@runos/contracts';
import { Fault, invalidInput } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { afterCommit, Database, databaseNow, idempotent, isRepeated } from '@runos/persistence';
import { canonicalRegistry } from '@runos/service-types';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ReconcilerConfig } from '../config.js';
import type { RegistryRow } from '../schema/registry-row.js';
import { Wakeups } from '../work/wakeups.js';
import { type Caller, refuseOverLimit } from '../writes/preconditions.js';
import { CredentialRolloutRepository } from '../app-credentials/credential-rollout-repository.js';
import { type OpenCredentials, RegistryCheck } from './registry-check.js';
import { RegistryPasswords } from './registry-passwords.js';
import { RegistryRepository, type StoredCredentials } from './registry-repository.js';
import { registryView } from './registry-view.js';

type Create = InputOf<typeof reconciler.createRegistry>;
type Update = InputOf<typeof reconciler.updateRegistry>;
type Delete = InputOf<typeof reconciler.deleteRegistry>;
type Changed = OutputOf<typeof reconciler.createRegistry>;
type Deleted = OutputOf<typeof reconciler.deleteRegistry>;
type CheckFields = Pick<RegistryRow, 'check_status' | 'check_message'>;

/**
 * Adds, changes and deletes pull credentials. The registry is called before the transaction, because a request must not
 * hold a lock. The apps that a change reaches are queued in its transaction; `RefreshAppCredentials` gives them jobs.
 */
@Injectable()
export class ChangeRegistry {
  constructor(
    private readonly database: Database,
    private readonly registries: RegistryRepository,
    private readonly rollouts: CredentialRolloutRepository,
    private readonly passwords: RegistryPasswords,
    private readonly check: RegistryCheck,
    private readonly wakeups: Wakeups,
    @InjectConfig() private readonly config: ReconcilerConfig,
  ) {}

  /** @throws Fault `registry.exists`, `limit.exceeded`; `request.invalid` for credentials that the registry refuses */
  async create({ idempotency, password, ...input }: Create, { tenant, changedBy }: Caller): Promise<Changed> {
    const host = canonicalRegistry(input.host);
    const { username, name = host } = input;
    const sql = this.database.manager;
    const repeated = await isRepeated(sql, { tenant, idempotency });
    if (!repeated) await this.#refuseExisting(sql, tenant, host);
    const checked = repeated ? unchecked : await this.#check({ host, username, password });
    return this.database.transaction((sql) =>
      idempotent<Changed>(sql, { tenant, idempotency }, async () => {
        await this.registries.lock(sql, tenant);
        await this.#refuseExisting(sql, tenant, host);
        const limit = this.config.maxRegistries;
        refuseOverLimit(limit, (await this.registries.list(sql, tenant)).length, 'registries', `Account "${tenant}"`);
        const registry_id = uuidv7();
        const password_sealed = this.passwords.seal({ aid: tenant, registry_id }, password);
        const checked_at = await databaseNow(sql);
        const stored = { registry_id, host, name, username, password_sealed, ...checked, checked_at };
        return this.#store(sql, tenant, stored, changedBy);
      }),
    );
  }

  /**
   * @throws Fault `registry.not_found`; `request.invalid` for credentials that the registry refuses; `conflict.stale` if
   * those that it keeps were changed during the check
   */
  async update({ id, change, idempotency }: Update, { tenant, changedBy }: Caller): Promise<Changed> {
    const found = await this.registries.get(this.database.manager, tenant, id);
    const stored = this.#open(found);
    const credentials = { ...stored, ...given(change) };
    const namesCredentials = change.username !== undefined || change.password !== undefined;
    const isChecked = namesCredentials && !(await isRepeated(this.database.manager, { tenant, idempotency }));
    const checked = isChecked ? await this.#check(credentials) : unchecked;
    return this.database.transaction((sql) =>
      idempotent<Changed>(sql, { tenant, idempotency }, async () => {
        await this.registries.lock(sql, tenant);
        const row = await this.registries.get(sql, tenant, id);
        const name = change.name ?? row.name;
        if (!namesCredentials)
          return { ...registryView(await this.registries.store(sql, tenant, { ...row, name })), affectedApps: 0 };
        const current = this.#open(row);
        refuseChangedMeanwhile(
          row.host,
          keptFields(change).filter((field) => current[field] !== stored[field]),
        );
        const checked_at = await databaseNow(sql);
        const password_sealed = this.passwords.seal(row, credentials.password);
        const next = { ...row, name, username: credentials.username, password_sealed, ...checked, checked_at };
        const isSame = current.username === credentials.username && current.password === credentials.password;
        if (isSame) return { ...registryView(await this.registries.store(sql, tenant, next)), affectedApps: 0 };
        return this.#store(sql, tenant, next, changedBy);
      }),
    );
  }

  /** @throws Fault `registry.not_found` */
  async delete({ id, idempotency }: Delete, { tenant, changedBy }: Caller): Promise<Deleted> {
    return this.database.transaction((sql) =>
      idempotent<Deleted>(sql, { tenant, idempotency }, async () => {
        await this.registries.lock(sql, tenant);
        const { host } = await this.registries.get(sql, tenant, id);
        await this.registries.remove(sql, tenant, id);
        return { id, host, affectedApps: await this.#queueApps(sql, tenant, host, changedBy) };
      }),
    );
  }

  #open(row: RegistryRow): OpenCredentials {
    return { host: row.host, username: row.username, password: this.passwords.unseal(row) };
  }

  async #store(sql: EntityManager, tenant: string, stored: StoredCredentials, changedBy: string): Promise<Changed> {
    const row = await this.registries.store(sql, tenant, stored);
    return { ...registryView(row), affectedApps: await this.#queueApps(sql, tenant, row.host, changedBy) };
  }

  async #queueApps(sql: EntityManager, tenant: string, host: string, changedBy: string): Promise<number> {
    const count = await this.rollouts.queueApps(sql, tenant, host, changedBy);
    if (count > 0) afterCommit(sql, () => this.wakeups.wake('app-credentials'));
    return count;
  }

  async #refuseExisting(sql: EntityManager, tenant: string, host: string): Promise<void> {
    const found = await this.registries.ofHost(sql, tenant, host);
    if (found === undefined) return;
    const message = `There are credentials of registry "${host}" already; change or delete those.`;
    throw new Fault('registry.exists', message, { registryId: found.registry_id });
  }

  /** @throws Fault `request.invalid` with the words of the registry; `unavailable` as `RegistryCheck` */
  async #check(credentials: OpenCredentials): Promise<CheckFields> {
    const { status, message = null } = await this.check.run(credentials);
    if (status !== 'refused') return { check_status: status, check_message: message };
    throw invalidInput('request.invalid', [{ path: 'password', message: message ?? '' }]);
  }
}

/** Of a request whose result is not stored. */
const unchecked: CheckFields = { check_status: 'unreachable', check_message: null };

const credentialFields = { username: 'user name', password: 'password' } as const;
type CredentialField = keyof typeof credentialFields;
const fieldNames = Object.keys(credentialFields) as CredentialField[];

const given = (change: Update['change']): Partial<OpenCredentials> =>
  Object.fromEntries(fieldNames.flatMap((field) => (change[field] === undefined ? [] : [[field, change[field]]])));

/** What a change keeps of the credentials. It was checked with the values before the check. */
const keptFields = (change: Update['change']): CredentialField[] =>
  fieldNames.filter((field) => change[field] === undefined);

/** @throws Fault `conflict.stale` */
function refuseChangedMeanwhile(host: string, fields: readonly CredentialField[]): void {
  if (fields.length === 0) return;
  const changed = fields.map((field) => credentialFields[field]).join(' and the ');
  const message = `Another request has changed the ${changed} of registry "${host}" meanwhile. Read the registry again and repeat the change.`;
  throw new Fault('conflict.stale', message);
}
