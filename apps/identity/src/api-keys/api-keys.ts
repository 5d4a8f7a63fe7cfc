import { Injectable } from '@nestjs/common';
import { type CreateApiKey, type CreatedApiKey, type Role, weakerRole } from '@runos/api';
import { type Actor, type Idempotency } from '@runos/contracts';
import { dayMs, Fault, invalidToken } from '@runos/kernel';
import { InjectConfig } from '@runos/messaging';
import { Database, databaseNow, idempotent } from '@runos/persistence';
import { Keyring, mintToken } from '@runos/security';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type AuditEntry, AuditRepository } from '../audit/audit-repository.js';
import type { IdentityConfig } from '../config.js';
import { SessionRepository } from '../sessions/session-repository.js';
import { AccessChanges } from '../tokens/access-changes.js';
import { checkUsable } from '../tokens/token-state.js';
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
  /** The creating token, or the user of the creating session. */
  readonly actor: Actor;
  /** The creating session; an older gateway does not name it. */
  readonly sessionKeyId?: string;
}

/** The creating token, which bounds what it creates. */
interface Parent {
  readonly keyId: string;
  readonly expiresAt: Date;
}

const warning = 'Store this token now: it is not shown again.';

const notFound = (id: string): Fault => new Fault('apikey.not_found', `There is no API key ${id}.`);

/** The audit entry of a token that was revoked with the token `revokedWith`, or on its own. */
const revocationOf = (subject: string, revokedWith: string): AuditEntry => ({
  action: 'apikey.revoke',
  subject,
  outcome: 'allowed',
  detail: subject === revokedWith ? {} : { revokedWith },
});

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

/** Personal access tokens: shown once at creation, revoked immediately with all tokens that they created. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeyRepository,
    private readonly accessChanges: AccessChanges,
    @InjectConfig() private readonly config: IdentityConfig,
    private readonly keyring: Keyring,
    private readonly audit: AuditRepository,
    private readonly sessions: SessionRepository,
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
   * The creating token or session and the creator's role are checked now, because the gateway may have cached them. A
   * token that another one creates expires with it at the latest; the response holds the expiry.
   * @throws Fault `auth.invalid`, `auth.session_expired`, `request.invalid`, `auth.forbidden`, `limit.exceeded`,
   *   `conflict.idempotency`
   */
  create(
    tenant: string,
    creator: Creator,
    requested: z.output<typeof CreateApiKey>,
    idempotency?: Idempotency,
  ): Promise<z.output<typeof CreatedApiKey>> {
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency, seal: this.keyring }, async () => {
        await this.repository.lockAccount(manager, tenant);
        const parent = await this.#parent(manager, tenant, creator);
        const requestedExpiry = checkExpiry(requested.expiresAt, await databaseNow(manager));
        const expiresAt = parent ? earlier(requestedExpiry, parent.expiresAt) : requestedExpiry;
        const { name } = requested;
        const currentRole = await this.repository.currentRole(manager, tenant, creator.userId);
        if (currentRole === undefined) throw new Fault('auth.forbidden', 'You are no longer a member of this account.');
        const role = checkRole(requested.role, weakerRole(creator.role, currentRole));
        this.#checkLimit(await this.repository.countUsable(manager, tenant));
        const { keyId, secretHash, value } = mintToken('pat');
        const { userId, actor } = creator;
        await this.repository.add(manager, {
          key_id: keyId,
          aid: tenant,
          user_id: userId,
          parent_key_id: parent?.keyId ?? null,
          name,
          role,
          secret_hash: secretHash,
          expires_at: expiresAt,
        });
        const detail = { name, role };
        await this.audit.append(manager, tenant, actor, {
          action: 'apikey.create',
          subject: keyId,
          outcome: 'allowed',
          detail,
        });
        return { id: keyId, name, role, expiresAt: expiresAt.toISOString(), token: value, warning };
      }),
    );
  }

  /**
   * Revokes a token and its descendants. After the reply no cache that received the event accepts any of them.
   * @throws Fault `apikey.not_found`
   */
  async revoke(tenant: string, id: string, actor: Actor): Promise<{ id: string; revokedAt: string }> {
    const lineage = await this.database.transaction(async (manager) => {
      await this.repository.lockAccount(manager, tenant);
      const lineage = await this.repository.revoke(manager, tenant, id);
      const entries = lineage.filter(({ isNew }) => isNew).map(({ keyId }) => revocationOf(keyId, id));
      await this.audit.appendEach(manager, tenant, actor, entries);
      return lineage;
    });
    const [revoked] = lineage;
    if (!revoked) throw notFound(id);
    const keyIds = lineage.filter(({ mayBeCached }) => mayBeCached).map(({ keyId }) => keyId);
    if (keyIds.length > 0) await this.accessChanges.publish({ keyIds });
    return { id, revokedAt: revoked.revokedAt.toISOString() };
  }

  /** The token that creates another one, if a token does. @throws Fault `auth.invalid`, `auth.session_expired` */
  async #parent(manager: EntityManager, tenant: string, creator: Creator): Promise<Parent | undefined> {
    const { userId, actor, sessionKeyId } = creator;
    if (actor.kind === 'pat') {
      const state = await this.repository.state(manager, tenant, userId, actor.id);
      if (!state) throw invalidToken();
      checkUsable('pat', state);
      return { keyId: actor.id, expiresAt: state.expires_at };
    }
    if (sessionKeyId === undefined) return undefined;
    const state = await this.sessions.lock(manager, userId, sessionKeyId);
    if (!state) throw invalidToken();
    checkUsable('session', state);
    return undefined;
  }

  #checkLimit(count: number): void {
    const value = this.config.maxApiKeys;
    if (count < value) return;
    const message = `The account has ${count} API keys; at most ${value} are allowed. Revoke one.`;
    throw new Fault('limit.exceeded', message, { limit: 'apiKeys', value });
  }
}
