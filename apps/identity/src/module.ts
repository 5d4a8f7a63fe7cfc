import { type DynamicModule, Module } from '@nestjs/common';
import { PersistenceModule } from '@runos/persistence';
import { Keyring } from '@runos/security';
import { Accounts } from './accounts/accounts.js';
import { AccountsController } from './accounts/accounts.controller.js';
import { ApiKeyRepository, ApiKeyRow } from './api-keys/api-key-repository.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { AuditLog } from './audit/audit-log.js';
import { AuditController } from './audit/audit.controller.js';
import { identityConfig, type IdentityConfig } from './config.js';
import { migrations } from './schema/migrations/index.js';
import { FailedLogIns } from './sessions/failed-log-ins.js';
import { sessionRetention } from './sessions/session-retention.js';
import { Sessions } from './sessions/sessions.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { AccessChanges } from './tokens/access-changes.js';
import { Authentication, LastUse } from './tokens/authentication.js';

const name = 'identity';

@Module({})
class IdentityModule {
  static forConfig(config: IdentityConfig): DynamicModule {
    const persistence = { config, entities: [ApiKeyRow], migrations, retention: sessionRetention };
    return {
      module: IdentityModule,
      imports: [PersistenceModule.forService({ service: name, ...persistence })],
      controllers: [SessionsController, AccountsController, ApiKeysController, AuditController],
      providers: [
        Authentication,
        LastUse,
        AccessChanges,
        Sessions,
        FailedLogIns,
        Accounts,
        ApiKeys,
        ApiKeyRepository,
        AuditLog,
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
