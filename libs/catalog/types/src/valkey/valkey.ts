import { PortNumber, type ServiceType, serviceInputs } from '@runos/catalog-model';
import { configMapKind, namespaceKind, secretKind, serviceKind, statefulSetKind } from '@runos/kube-kinds';
import { type ServiceSizing, sizeIds, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';
import { names } from './v1/names.js';
import { v1 } from './v1/render.js';

const { username, port } = names;
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

/** Valkey, the open-source fork of Redis: one primary, and read replicas for a replica count above one. */
export const valkey: ServiceType = {
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
  ports: [{ name: 'valkey', port, protocol: 'TCP' }],
  requires: [],
  addons: [],
  secrets: [{ name: 'password', length: 32, description: `the password of the user ${username}` }],
  credentials: {
    schema: z.object({
      host: z.string(),
      port: PortNumber,
      username: z.string(),
      password: z.string(),
      url: z.string(),
    }),
    example: {
      host: 'valkey-x7k2p.valkey-x7k2p.svc',
      port,
      username,
      password: 'k3J…',
      url: 'redis://default:k3J…@valkey-x7k2p.valkey-x7k2p.svc:6379',
    },
    of: ({ osid }, { password = '' }) => {
      const host = `${osid}.${osid}.svc`;
      return { host, port, username, password, url: `redis://${username}:${password}@${host}:${port}` };
    },
  },
  kinds: [namespaceKind, secretKind, configMapKind, serviceKind, statefulSetKind],
  customKinds: [],
  renderers: { 1: v1 },
};
