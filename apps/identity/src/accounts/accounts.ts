import { Injectable } from '@nestjs/common';
import { Database, databaseNow } from '@runos/persistence';
import { generatePassword, hashPassword, mintToken } from '@runos/security';
import { ApiKeyRepository } from '../api-keys/api-key-repository.js';
import { checkExpiry } from '../api-keys/api-keys.js';
import { AccountRepository } from './account-repository.js';

export interface NewAccount {
  readonly aid: string;
  readonly email: string;
  /** null for an existing user, who keeps their password. */
  readonly password: string | null;
  readonly token: string;
}

/** Maximum length of an account name, characters. */
const maxNameLength = 63;

/** Creates accounts. */
@Injectable()
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly apiKeys: ApiKeyRepository,
  ) {}

  /** Creates an account, its owner (unless the user exists) and a first token. */
  async create(email: string, name = email.slice(0, maxNameLength)): Promise<NewAccount> {
    const password = generatePassword();
    const passwordHash = await hashPassword(password);
    return this.database.transaction(async (manager) => {
      const createdId = await this.accounts.addUser(manager, email, passwordHash);
      const userId = createdId ?? (await this.accounts.findUser(manager, email))?.id;
      if (userId === undefined) throw new Error(`the user with the address ${email} was deleted concurrently`);
      const aid = await this.accounts.add(manager, name);
      await this.accounts.addOwner(manager, aid, userId);
      const { keyId, secretHash, value } = mintToken('pat');
      const expiresAt = checkExpiry(undefined, await databaseNow(manager));
      await this.apiKeys.add(manager, {
        key_id: keyId,
        aid,
        user_id: userId,
        parent_key_id: null,
        name: 'first token',
        role: 'owner',
        secret_hash: secretHash,
        expires_at: expiresAt,
      });
      return { aid, email, password: createdId === undefined ? null : password, token: value };
    });
  }
}
