import { PortNumber, type ServiceType, serviceInputs } from '@runos/catalog-model';
import { namespaceKind, secretKind } from '@runos/kube-kinds';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';
import { sizeClashes } from './clashes.js';
import { clusterContents } from './cluster-contents.js';
import { clusterKind } from './cluster-kind.js';
import { creationFields } from './creation-fields.js';
import { parameters } from './parameters.js';
import { reservedParameters } from './reserved-parameters.js';
import { cloudNativePg } from './operator/cloudnative-pg.js';
import { startRules } from './start-rules.js';
import { application, v1 } from './v1/render.js';

const { username, database, port } = application;
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

/** PostgreSQL, run by the CloudNativePG operator. */
export const postgresql: ServiceType = {
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
  ports: [{ name: 'postgresql', port, protocol: 'TCP' }],
  requires: [],
  addons: ['cloudnative-pg'],
  secrets: [{ name: 'password', length: 32, description: `the password of the user ${username}` }],
  credentials: {
    schema: z.object({
      host: z.string(),
      port: PortNumber,
      username: z.string(),
      password: z.string(),
      database: z.string(),
      url: z.string(),
    }),
    example: {
      host: 'postgresql-x7k2p-rw.postgresql-x7k2p.svc',
      port,
      username,
      password: 'k3J…',
      database,
      url: 'postgresql://app:k3J…@postgresql-x7k2p-rw.postgresql-x7k2p.svc:5432/app',
    },
    of: ({ osid }, { password = '' }) => {
      const host = `${osid}-rw.${osid}.svc`;
      const url = `postgresql://${username}:${password}@${host}:${port}/${database}`;
      return { host, port, username, password, database, url };
    },
  },
  kinds: [namespaceKind, secretKind],
  customKinds: [clusterKind],
  contents: [clusterContents],
  creationFields,
  config: { keys: parameters, reserved: reservedParameters, start: startRules, reloadedBy: 'CloudNativePG' },
  renderers: { 1: v1 },
  clashes: sizeClashes,
  operator: cloudNativePg,
};
