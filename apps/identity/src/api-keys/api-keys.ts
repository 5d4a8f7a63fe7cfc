import { Injectable } from '@nestjs/common';
import { type CreateApiKey, type CreatedApiKey, type Role, weakerRole } from '@runos/api';
import { type Actor, type Idempotency } from '@runos/contracts';
import { dayMs, Fault } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { Keyring, mintToken } from '@runos/security';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type AuditEntry, AuditLog } from '../audit/audit-log.js';
import type { IdentityConfig } from '../config.js';
import { AccessChanges } from '../tokens/access-changes.js';
import { ApiKeyRepository, type ShownApiKey } from './api-key-repository.js';

const defaultDays = 90;
const maxDays = 365;

/** The expiry of a new PAT: 90 days by default, at most 365. @throws Fault `request.invalid` */
export function checkExpiry(requested: string | undefined, now: Date): Date {
  if (requested === undefined) return new Date(now.getTime() + defaultDays * dayMs);
  const expiresAt = new Date(requested);
  const ahead = expiresAt.getTime() - now.getTime();
  if (ahead > 0 && ahead <= maxDays * dayMs) return expiresAt;
  const message = `must be in the future and at most ${maxDays} days ahead; ${requested} is not`;
  throw new Fault('request.invalid', `expiresAt ${message}.`, { issues: [{ path: 'expiresAt', message }] });
}

/** The role of a new PAT: member by default, at most its creator's. @throws Fault `auth.forbidden` */
export function checkRole(requested: z.output<typeof CreateApiKey>['role'], creator: Role): Role {
  if (requested === undefined) return weakerRole('member', creator);
  const role = requested === 'limited' ? 'viewer' : requested;
  if (weakerRole(role, creator) === role) return role;
  throw new Fault(
    'auth.forbidden',
    `A ${creator} cannot create a token with the role ${role}; request ${creator} or less.`,
  );
}

export interface Creator {
  readonly userId: string;
  /** The role of the creating token or session in this account. */
  readonly role: Role;
  readonly actor: Actor;
}

const warning = 'Store this token now: it is not shown again.';

const notFound = (id: string): Fault => new Fault('apikey.not_found', `There is no API key ${id}.`);

/** Personal access tokens: shown once at creation, revoked immediately. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeyRepository,
    private readonly accessChanges: AccessChanges,
    @InjectConfig() private readonly config: IdentityConfig,
    private readonly keyring: Keyring,
    private readonly auditLog: AuditLog,
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
   * The role is checked against the creator's current role, not against a cached one.
   * @throws Fault `request.invalid`, `auth.forbidden`, `limit.exceeded`, `conflict.idempotency`
   */
  create(
    tenant: string,
    creator: Creator,
    requested: z.output<typeof CreateApiKey>,
    idempotency?: Idempotency,
  ): Promise<z.output<typeof CreatedApiKey>> {
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency, seal: this.keyring }, async () => {
        const expiresAt = checkExpiry(requested.expiresAt, await databaseNow(manager));
        const { name } = requested;
        const currentRole = await this.repository.currentRole(manager, tenant, creator.userId);
        if (currentRole === undefined) throw new Fault('auth.forbidden', 'You are no longer a member of this account.');
        const role = checkRole(requested.role, weakerRole(creator.role, currentRole));
        this.#checkLimit(await this.repository.countUsable(manager, tenant));
        const { keyId, secretHash, value } = mintToken('pat');
        const row = { keyId, aid: tenant, userId: creator.userId, name, role, secretHash, expiresAt };
        await this.repository.add(manager, row);
        await this.#audit(manager, tenant, creator.actor, 'apikey.create', keyId, { name, role });
        return { id: keyId, name, role, expiresAt: expiresAt.toISOString(), token: value, warning };
      }),
    );
  }

  /** After the reply no cache that received the event accepts the token. @throws Fault `apikey.not_found` */
  async revoke(tenant: string, id: string, actor: Actor): Promise<{ id: string; revokedAt: string }> {
    const revokedAt = await this.database.transaction(async (manager) => {
      const at = await this.repository.revoke(manager, tenant, id);
      if (at?.now) await this.#audit(manager, tenant, actor, 'apikey.revoke', id, {});
      return at?.revokedAt;
    });
    if (!revokedAt) throw notFound(id);
    await this.accessChanges.publish({ keyIds: [id] });
    return { id, revokedAt: revokedAt.toISOString() };
  }

  #audit(
    manager: EntityManager,
    tenant: string,
    actor: Actor,
    action: string,
    subject: string,
    detail: AuditEntry['detail'],
  ) {
    return this.auditLog.append(manager, tenant, actor, { action, subject, outcome: 'allowed', detail });
  }

  #checkLimit(count: number): void {
    const value = this.config.maxApiKeys;
    if (count < value) return;
    const message = `The account has ${count} API keys; at most ${value} are allowed. Revoke one.`;
    throw new Fault('limit.exceeded', message, { limit: 'apiKeys', value });
  }
}
