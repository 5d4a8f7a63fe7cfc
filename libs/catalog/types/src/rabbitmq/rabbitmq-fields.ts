import { type ServiceTypeFields, serviceInputs } from '@runos/catalog-model';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';

const versions = ['4.0'] as const;
const defaultVersion = '4.0';
const sizing: ServiceSizing = {
  service: 'rabbitmq',
  sizes: {
    beff: sizeNumbers([0, 500], [0, 512], 1024),
    small: sizeNumbers([250, 500], [512, 1024], 2048),
    medium: sizeNumbers([500, 1000], [2048, 4096], 8192),
    large: sizeNumbers([1000, 2000], [8192, 16_384], 32_768),
  },
  tiers: { c0: sizeIds, c1: sizeIds },
  storageChange: 'fixed',
  defaultTier: 'c0',
};

/** What clients know of RabbitMQ. */
export const rabbitmqFields: ServiceTypeFields = {
  type: 'rabbitmq',
  title: 'RabbitMQ',
  versions,
  defaultVersion,
  inputs: serviceInputs({ versions, defaultVersion, sizing }),
  sizing,
};
