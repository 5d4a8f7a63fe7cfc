import { type ServiceTypeFields, serviceInputs } from '@runos/catalog-model';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';

const versions = ['16', '17', '18'] as const;
const defaultVersion = '17';
const sizing: ServiceSizing = {
  service: 'postgresql',
  sizes: {
    beff: sizeNumbers([0, 1000], [0, 2048], 10_240),
    small: sizeNumbers([500, 1000], [1024, 2048], 20_480),
    medium: sizeNumbers([1000, 2000], [4096, 8192], 51_200),
    large: sizeNumbers([4000, 8000], [16_384, 32_768], 204_800),
  },
  tiers: { c0: sizeIds, c1: sizeIds, c2: sizeIds, c3: sizeIds, c4: sizeIds },
  storageChange: 'grows',
  defaultTier: 'c0',
};

/** What clients know of PostgreSQL. */
export const postgresqlFields: ServiceTypeFields = {
  type: 'postgresql',
  title: 'PostgreSQL',
  versions,
  defaultVersion,
  inputs: serviceInputs({
    versions,
    defaultVersion,
    sizing,
    configSets: true,
    switches: {
      documentDBExtension: { default: false, description: 'Enable the extension DocumentDB.' },
      apacheAge: { default: false, description: 'Enable the extension Apache AGE.' },
      vector: { default: false, description: 'Enable the extension pgvector.' },
    },
  }),
  sizing,
};
