import { type DynamicModule, Module } from '@nestjs/common';
import { databaseSettings, serviceConfig, wholeNumber } from '@runos/config';
import { PersistenceModule } from '@runos/persistence';
import type { z } from 'zod';
import { ConfigSetRow } from './schema/config-set-row.js';
import { migrations } from './schema/migrations/index.js';
import { ConfigSetLimits } from './sets/config-set-limits.js';
import { ConfigSetRepository } from './sets/config-set-repository.js';
import { ConfigSetsController } from './sets/config-sets.controller.js';
import { ConfigSets } from './sets/config-sets.js';

const name = 'config-sets';

const config = serviceConfig({
  ...databaseSettings,
  /** Config sets per account. */
  maxConfigSets: wholeNumber(1, 10_000).default(200),
  /** Versions per config set. */
  maxConfigSetVersions: wholeNumber(1, 10_000).default(400),
});

type Config = z.output<typeof config>;

@Module({})
class ConfigSetsModule {
  static forConfig(settings: Config): DynamicModule {
    const limits = new ConfigSetLimits(settings.maxConfigSets, settings.maxConfigSetVersions);
    return {
      module: ConfigSetsModule,
      imports: [
        PersistenceModule.forService({ service: name, config: settings, entities: [ConfigSetRow], migrations }),
      ],
      controllers: [ConfigSetsController],
      providers: [ConfigSets, ConfigSetRepository, { provide: ConfigSetLimits, useValue: limits }],
    };
  }
}

/** The config sets as a program: its name, settings and module. */
export const configSetsService = {
  name,
  config,
  module: (settings: Config) => ConfigSetsModule.forConfig(settings),
} as const;
