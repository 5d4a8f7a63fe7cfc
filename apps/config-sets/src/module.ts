import { type DynamicModule, Module } from '@nestjs/common';
import { PersistenceModule } from '@runos/persistence';
import { configSetsConfig, type ConfigSetsConfig } from './config.js';
import { ConfigSetRepository, ConfigSetRow } from './sets/config-set-repository.js';
import { migrations } from './schema/migrations/index.js';
import { ConfigSets } from './sets/config-sets.js';
import { ConfigSetsController } from './sets/config-sets.controller.js';

const name = 'config-sets';

@Module({})
class ConfigSetsModule {
  static forConfig(config: ConfigSetsConfig): DynamicModule {
    return {
      module: ConfigSetsModule,
      imports: [PersistenceModule.forService({ service: name, config, entities: [ConfigSetRow], migrations })],
      controllers: [ConfigSetsController],
      providers: [ConfigSets, ConfigSetRepository],
    };
  }
}

/** The config sets service: shared, versioned, immutable settings of instances. */
export const configSetsService = {
  name,
  config: configSetsConfig,
  module: (config: ConfigSetsConfig) => ConfigSetsModule.forConfig(config),
} as const;
