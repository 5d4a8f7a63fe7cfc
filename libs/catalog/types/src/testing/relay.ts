import {
  documentation,
  PortNumber,
  type Renderer,
  type RenderInput,
  type ServiceType,
  serviceInputs,
} from '@runos/catalog-model';
import { credentialsSecret, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import { configMapKind, namespaceKind, secretKind } from '@runos/kube-kinds';
import { type ServiceSizing, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';

const settings = ({ osid, inputs = {}, requires = {} }: RenderInput) => ({
  mode: String(inputs['mode']),
  region: String(inputs['region']),
  cache: `${requires['cache'] ?? 'none'}`,
  name: osid,
});

/** Both renderers differ in one value, as an improved renderer does. */
const renderer = (revision: string): Renderer => ({
  images: { '1': { registry: 'docker.io', repository: 'example/relay', tag: `1.${revision}` } },
  render: (input) => [
    namespaceOf(input),
    credentialsSecret(input, { username: 'app', password: input.secrets['password'] ?? '' }),
    owned(input, 'v1', 'ConfigMap', input.osid, { data: { ...settings(input), revision } }),
  ],
});

const sizing: ServiceSizing = {
  service: 'relay',
  sizes: { beff: sizeNumbers([0, 100], [0, 64]) },
  tiers: { c0: ['beff'] },
  storageChange: 'fixed',
  defaultTier: 'c0',
};

/**
 * A type that only tests have: it needs a Valkey, has fields of its own, stores nothing and has two renderers. Its
 * objects are ready as soon as they exist.
 */
export const relay: ServiceType = {
  type: 'relay',
  title: 'Relay',
  versions: ['1'],
  defaultVersion: '1',
  inputs: serviceInputs({
    versions: ['1'],
    defaultVersion: '1',
    sizing,
    requires: { cache: true },
    own: {
      mode: z.enum(['fast', 'safe']).default('fast').register(documentation, { description: 'How it forwards.' }),
    },
    fixed: {
      region: z
        .string()
        .regex(/^[a-z]{2}$/)
        .default('eu')
        .register(documentation, { description: 'Where it runs, as two letters.' }),
    },
  }),
  sizing,
  ports: [{ name: 'relay', port: 7000, protocol: 'TCP' }],
  requires: [{ alias: 'cache', type: 'valkey', optional: false }],
  addons: [],
  secrets: [{ name: 'password', length: 32, description: 'the password of the user app' }],
  credentials: {
    schema: z.object({ url: z.string(), port: PortNumber }),
    example: { url: 'relay://relay-x7k2p', port: 7000 },
    of: ({ osid }) => ({ url: `relay://${osid}`, port: 7000 }),
  },
  kinds: [namespaceKind, secretKind, configMapKind],
  customKinds: [],
  renderers: { 1: renderer('1'), 2: renderer('2') },
};
