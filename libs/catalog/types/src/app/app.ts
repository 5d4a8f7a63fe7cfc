import {
  AllowedWriters,
  AutoRollbackSwitch,
  commonFields,
  DriftPolicy,
  documentation,
  type InstanceType,
  Name,
  sizeFieldsOf,
} from '@runos/catalog-model';
import {
  configMapKind,
  deploymentKind,
  namespaceKind,
  networkPolicyKind,
  podDisruptionBudgetKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
} from '@runos/kube-kinds';
import type { KubeObject } from '@runos/kube-objects';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';
import { ownCreateFields, ownUpdateFields } from './app-fields.js';
import { AppLinks } from './app-links.js';
import type { AppInput } from './app-input.js';
import { renderAppV1 } from './v1/render.js';

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

/** The type of all apps. A frozen renderer of a service has images; that of an app takes the image as an input. */
export interface AppType extends InstanceType {
  /** By version; frozen as those of services are. */
  readonly renderers: Readonly<Record<number, (input: AppInput) => KubeObject[]>>;
}

/** Apps: what users build themselves. They store nothing. */
export const app: AppType = {
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
  requires: [],
  addons: [],
  secrets: [{ name: 'digestKey', length: 32, description: 'the key of the digest of its variables and files' }],
  kinds: [
    namespaceKind,
    serviceAccountKind,
    secretKind,
    configMapKind,
    networkPolicyKind,
    serviceKind,
    podDisruptionBudgetKind,
    deploymentKind,
  ],
  customKinds: [],
  renderers: { 1: renderAppV1 },
};
