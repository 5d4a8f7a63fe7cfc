import { Injectable } from '@nestjs/common';
import { type CreateApiKey, type CreatedApiKey, type Role, weakerRole } from '@runos/api';
import type { Actor, Idempotency } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { Keyring, mintToken } from '@runos/security';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type AuditEntry, AuditLog } from '../audit/audit-log.js';
import { AccessChanges } from '../tokens/access-changes.js';
import { IdentitySettings } from '../identity-settings.js';
import { checkExpiry, checkRole } from './expiry-and-role.js';
import { ApiKeyRepository, type ShownApiKey } from './api-key-repository.js';

export interface Creator {
  readonly userId: string;
  /** What the token or session that asks may do in this account. */
  readonly role: Role;
  readonly actor: Actor;
}

const warning = 'Keep this token now: it is not shown again.';

const notFound = (id: string): Fault => new Fault('apikey.not_found', `There is no API key ${id}.`);

/** Personal access tokens: made once, shown once, revoked at once. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeyRepository,
    private readonly news: AccessChanges,
    private readonly settings: IdentitySettings,
    private readonly keyring: Keyring,
    private readonly audit: AuditLog,
  ) {}

  list(tenant: string): Promise<ShownApiKey[]> {
    return this.repository.list(this.database.manager, tenant);
  }

  /** @throws Fault `apikey.not_found` */
  async show(tenant: string, id: string): Promise<ShownApiKey> {
    const found = await this.repository.show(this.database.manager, tenant, id);
    if (!found) throw notFound(id);
    return found;
  }

  /**
   * The role is checked against what the creator may do now, not when they were last asked who they are.
   * @throws Fault `request.invalid`, `auth.forbidden`, `limit.exceeded`, `conflict.idempotency`
   */
  create(
    tenant: string,
    creator: Creator,
    asked: z.output<typeof CreateApiKey>,
    idempotency?: Idempotency,
  ): Promise<z.output<typeof CreatedApiKey>> {
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency, seal: this.keyring }, async () => {
        const expiresAt = checkExpiry(asked.expiresAt, await databaseNow(manager));
        const { name } = asked;
        const present = await this.repository.currentRole(manager, tenant, creator.userId);
        if (present === undefined) throw new Fault('auth.forbidden', 'You do not belong to this account any more.');
        const role = checkRole(asked.role, weakerRole(creator.role, present));
        this.#checkRoom(await this.repository.countUsable(manager, tenant));
        const { keyId, secretHash, value } = mintToken('pat');
        const row = { keyId, aid: tenant, userId: creator.userId, name, role, secretHash, expiresAt };
        await this.repository.add(manager, row);
        await this.#note(manager, tenant, creator.actor, 'apikey.create', keyId, { name, role });
        return { id: keyId, name, role, expiresAt: expiresAt.toISOString(), token: value, warning };
      }),
    );
  }

  /** Once it is answered, no cache that heard of it lets the token pass. @throws Fault `apikey.not_found` */
  async revoke(tenant: string, id: string, actor: Actor): Promise<{ id: string; revokedAt: string }> {
    const revokedAt = await this.database.transaction(async (manager) => {
      const at = await this.repository.revoke(manager, tenant, id);
      if (at?.now) await this.#note(manager, tenant, actor, 'apikey.revoke', id, {});
      return at?.revokedAt;
    });
    if (!revokedAt) throw notFound(id);
    await this.news.publish({ keyIds: [id] });
    return { id, revokedAt: revokedAt.toISOString() };
  }

  #note(
    manager: EntityManager,
    tenant: string,
    actor: Actor,
    action: string,
    subject: string,
    detail: AuditEntry['detail'],
  ) {
    return this.audit.append(manager, tenant, actor, { action, subject, outcome: 'allowed', detail });
  }

  #checkRoom(present: number): void {
    const value = this.settings.maxApiKeys;
    if (present < value) return;
    const message = `The account has ${present} API keys; at most ${value} are allowed. Revoke one.`;
    throw new Fault('limit.exceeded', message, { limit: 'apiKeys', value });
  }
}
