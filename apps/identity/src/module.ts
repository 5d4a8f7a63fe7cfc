import { type DynamicModule, Module } from '@nestjs/common';
import { PersistenceModule } from '@runos/persistence';
import { Keyring } from '@runos/security';
import { AccountRepository } from './accounts/account-repository.js';
import { Accounts } from './accounts/accounts.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { ApiKeyRepository, ApiKeyRow } from './api-keys/api-key-repository.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AuditRepository } from './audit/audit-repository.js';
import { AuditController } from './audit/audit.controller.js';
import { identityConfig, type IdentityConfig } from './config.js';
import { migrations } from './schema/migrations/index.js';
import { retentionRules } from './schema/retention-rules.js';
import { FailedLogInRepository } from './sessions/failed-log-in-repository.js';
import { FailedLogIns } from './sessions/failed-log-ins.js';
import { SessionRepository } from './sessions/session-repository.js';
import { Sessions } from './sessions/sessions.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { AccessChanges } from './tokens/access-changes.js';
import { Authentication, LastUse } from './tokens/authentication.js';
import { TokenRepository } from './tokens/token-repository.js';

const name = 'identity';

@Module({})
class IdentityModule {
  static forConfig(config: IdentityConfig): DynamicModule {
    const persistence = { config, entities: [ApiKeyRow], migrations, retention: retentionRules };
    return {
      module: IdentityModule,
      imports: [PersistenceModule.forService({ service: name, ...persistence })],
      controllers: [SessionsController, AccountsController, ApiKeysController, AuditController],
      providers: [
        Authentication,
        LastUse,
        AccessChanges,
        TokenRepository,
        Sessions,
        SessionRepository,
        FailedLogIns,
        FailedLogInRepository,
        Accounts,
        AccountRepository,
        ApiKeys,
        ApiKeyRepository,
        AuditRepository,
        { provide: Keyring, useValue: config.keyring },
      ],
    };
  }
}

/** The identity service: accounts, users, tokens and the audit log. */
export const identityService = {
  name,
  config: identityConfig,
  module: (config: IdentityConfig) => IdentityModule.forConfig(config),
} as const;
