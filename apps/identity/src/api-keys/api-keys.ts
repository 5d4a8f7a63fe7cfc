import { Injectable } from '@nestjs/common';
import type { CreateApiKey, CreatedApiKey, Role } from '@runos/api';
import type { Idempotency } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Database, idempotent } from '@runos/persistence';
import { Keyring, mintToken } from '@runos/security';
import type { z } from 'zod';
import { AccessNews } from '../tokens/access-news.js';
import { IdentitySettings } from '../identity-settings.js';
import { expiryOf, roleOf } from './api-key-terms.js';
import { ApiKeyRepository, type ShownApiKey } from './api-key-repository.js';

export interface Creator {
  readonly userId: string;
  /** What the token or session that asks may do in this account. */
  readonly role: Role;
}

const warning = 'Keep this token now: it is not shown again.';

const notFound = (id: string): Fault => new Fault('apikey.not_found', `There is no API key ${id}.`);

/** Personal access tokens: made once, shown once, revoked at once. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly database: Database,
    private readonly repository: ApiKeyRepository,
    private readonly news: AccessNews,
    private readonly settings: IdentitySettings,
    private readonly keyring: Keyring,
  ) {}

  list(tenant: string): Promise<ShownApiKey[]> {
    return this.repository.all(this.database.manager, tenant);
  }

  /** @throws Fault `apikey.not_found` */
  async show(tenant: string, id: string): Promise<ShownApiKey> {
    const found = await this.repository.one(this.database.manager, tenant, id);
    if (!found) throw notFound(id);
    return found;
  }

  /** @throws Fault `request.invalid`, `auth.forbidden`, `limit.exceeded`, `conflict.idempotency` */
  create(
    tenant: string,
    creator: Creator,
    asked: z.output<typeof CreateApiKey>,
    idempotency?: Idempotency,
  ): Promise<z.output<typeof CreatedApiKey>> {
    const role = roleOf(asked.role, creator.role);
    const expiresAt = expiryOf(asked.expiresAt, new Date());
    return this.database.transaction((manager) =>
      idempotent(manager, { tenant, idempotency, seal: this.keyring }, async () => {
        this.#checkRoom(await this.repository.usable(manager, tenant));
        const { keyId, secretHash, value } = mintToken('pat');
        const { userId } = creator;
        await this.repository.add(manager, {
          keyId,
          aid: tenant,
          userId,
          name: asked.name,
          role,
          secretHash,
          expiresAt,
        });
        return { id: keyId, name: asked.name, role, expiresAt: expiresAt.toISOString(), token: value, warning };
      }),
    );
  }

  /** Once it is answered, no cache that heard of it lets the token pass. @throws Fault `apikey.not_found` */
  async revoke(tenant: string, id: string): Promise<{ id: string; revokedAt: string }> {
    const revokedAt = await this.repository.revoke(this.database.manager, tenant, id);
    if (!revokedAt) throw notFound(id);
    await this.news.tell({ keyIds: [id] });
    return { id, revokedAt: revokedAt.toISOString() };
  }

  #checkRoom(present: number): void {
    const limit = this.settings.maxApiKeys;
    if (present < limit) return;
    throw new Fault(
      'limit.exceeded',
      `The account has ${present} API keys; at most ${limit} are allowed. Revoke one.`,
      {
        limit,
        value: present,
      },
    );
  }
}
