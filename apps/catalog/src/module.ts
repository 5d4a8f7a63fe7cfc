import { type DynamicModule, Module } from '@nestjs/common';
import { catalogConfig, type CatalogConfig } from './config.js';
import { ConfigValuesController } from './config-values/config-values.controller.js';
import { InstancesController } from './instances/instances.controller.js';
import { TypesController } from './types/types.controller.js';

@Module({})
class CatalogModule {
  static forConfig(_config: CatalogConfig): DynamicModule {
    return { module: CatalogModule, controllers: [TypesController, InstancesController, ConfigValuesController] };
  }
}

/** The catalog service: service types, sizing classes and versions, from data files. It is stateless. */
export const catalogService = {
  name: 'catalog',
  config: catalogConfig,
  module: (config: CatalogConfig) => CatalogModule.forConfig(config),
} as const;
