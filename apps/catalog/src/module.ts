import { Module } from '@nestjs/common';
import { serviceConfig } from '@runos/config';
import { CatalogController } from './catalog.controller.js';

@Module({ controllers: [CatalogController] })
class CatalogModule {}

/** The catalog as a program: its name, settings and module. */
export const catalogService = {
  name: 'catalog',
  config: serviceConfig({}),
  module: () => CatalogModule,
} as const;
