import { type DynamicModule, Module } from '@nestjs/common';
import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { PersistenceModule } from '@runos/persistence';
import { Keyring, keyringSettings } from '@runos/security';
import type { z } from 'zod';
import { AccountsController } from './accounts/accounts.controller.js';
import { Accounts } from './accounts/accounts.js';
import { ApiKeyRepository } from './api-keys/api-key-repository.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { AuditLog } from './audit/audit-log.js';
import { AuditController } from './audit/audit.controller.js';
import { IdentitySettings } from './identity-settings.js';
import { ApiKeyRow } from './schema/api-key-row.js';
import { migrations } from './schema/migrations/index.js';
import { FailedLogIns } from './sessions/failed-log-ins.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { Sessions } from './sessions/sessions.js';
import { AccessChanges } from './tokens/access-changes.js';
import { Authentication } from './tokens/authentication.js';
import { LastUse } from './tokens/last-use.js';

const name = 'identity';

const config = serviceConfig({
  ...databaseSettings,
  ...keyringSettings,
  /** How long a log-in lasts. */
  sessionSeconds: wholeNumber(60, 30 * 86_400).default(86_400),
  /** Usable personal access tokens per account. */
  maxApiKeys: wholeNumber(1, 10_000).default(100),
  /** Failed log-ins of one person from one address within 15 minutes. */
  maxFailedLogIns: wholeNumber(1, 1_000).default(10),
});

export type ConfigOf = z.output<typeof config>;

@Module({})
class IdentityModule {
  static forConfig(settings: ConfigOf): DynamicModule {
    return {
      module: IdentityModule,
      imports: [PersistenceModule.forService({ service: name, config: settings, entities: [ApiKeyRow], migrations })],
      controllers: [SessionsController, AccountsController, ApiKeysController, AuditController],
      providers: [
        ...[Authentication, LastUse, AccessChanges, Sessions, FailedLogIns, Accounts, ApiKeys, ApiKeyRepository, AuditLog],
        { provide: IdentitySettings, useValue: new IdentitySettings(settings) },
        { provide: Keyring, useValue: settings.keyring },
      ],
    };
  }
}

/** The identity service as a program: its name, settings and module. */
export const identityService = { name, config, module: (settings: ConfigOf) => IdentityModule.forConfig(settings) } as const;
