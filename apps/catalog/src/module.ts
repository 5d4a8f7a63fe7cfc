import { type DynamicModule, Module } from '@nestjs/common';
import { CatalogController } from './catalog.controller.js';
import { catalogConfig, type CatalogConfig } from './config.js';

@Module({})
class CatalogModule {
  static forConfig(_config: CatalogConfig): DynamicModule {
    return { module: CatalogModule, controllers: [CatalogController] };
  }
}

/** The catalog service: service types, sizing classes and versions, from data files. */
export const catalogService = {
  name: 'catalog',
  config: catalogConfig,
  module: (config: CatalogConfig) => CatalogModule.forConfig(config),
} as const;
