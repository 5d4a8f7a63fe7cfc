import { type ServiceTypeFields, serviceInputs } from '@runos/catalog-model';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';

const versions = ['8.1'] as const;
const defaultVersion = '8.1';
const sizing: ServiceSizing = {
  service: 'valkey',
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

/** What clients know of Valkey. */
export const valkeyFields: ServiceTypeFields = {
  type: 'valkey',
  title: 'Valkey',
  versions,
  defaultVersion,
  inputs: serviceInputs({
    versions,
    defaultVersion,
    sizing,
    switches: { secured: { default: true, description: 'Require the password.' } },
  }),
  sizing,
};
