import {
  AllowedWriters,
  AutoRollbackSwitch,
  commonFields,
  DriftPolicy,
  documentation,
  type InstanceTypeFields,
  Name,
  sizeFieldsOf,
} from '@runos/catalog-model';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';
import { ownCreateFields, ownUpdateFields } from './app-fields.js';
import { AppLinks } from './app-links.js';

const sizing: ServiceSizing = {
  service: 'app',
  sizes: {
    beff: sizeNumbers([0, 1000], [0, 2048]),
    small: sizeNumbers([250, 500], [256, 512]),
    medium: sizeNumbers([500, 1000], [1024, 2048]),
    large: sizeNumbers([1000, 2000], [2048, 4096]),
  },
  tiers: { sl1: sizeIds, sl2: sizeIds, sl3: sizeIds },
  storageChange: 'fixed',
  defaultTier: 'sl1',
};

const driftPolicy = 'Whether changes by others are reverted or only reported.';

/** What clients know of apps. */
export const appTypeFields: InstanceTypeFields = {
  type: 'app',
  title: 'App',
  inputs: {
    create: z.strictObject({
      name: Name.optional().register(documentation, { description: 'Display name. Default: the OSID.' }),
      ...ownCreateFields,
      ...sizeFieldsOf(sizing, 'create'),
      driftPolicy: DriftPolicy.optional().register(documentation, { description: driftPolicy, default: 'repair' }),
      allowedWriters: AllowedWriters.optional(),
      autoRollback: AutoRollbackSwitch.optional(),
      requires: AppLinks.optional(),
    }),
    update: z.strictObject({
      name: Name.optional().register(documentation, { description: 'Display name.' }),
      ...ownUpdateFields,
      ...sizeFieldsOf(sizing, 'update'),
      driftPolicy: DriftPolicy.optional().register(documentation, { description: driftPolicy }),
      allowedWriters: AllowedWriters.optional(),
      autoRollback: commonFields.autoRollback,
      requires: AppLinks.optional(),
    }),
  },
  sizing,
};
