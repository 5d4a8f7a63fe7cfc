import { PortNumber, type ServiceType, serviceInputs, type SimulatedOperator } from '@runos/catalog-model';
import { credentialsSecret, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import { type CustomKind, namespaceKind, secretKind } from '@runos/kube-kinds';
import { type ServiceSizing, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';

const group = 'testing.example.com';
const version = 'v1';
const apiVersion = `${group}/${version}`;

/** The CRD that the operator of beacons would install. */
export const beaconCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `beacons.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'beacons', singular: 'beacon', kind: 'Beacon' },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        subresources: { status: {} },
      },
    ],
  },
} as const;

/** The operator of beacons lights each of them. It makes no pods. */
const operator: SimulatedOperator = {
  apiVersion,
  kind: 'Beacon',
  fieldManager: 'beacon-operator',
  reconcile: () => ({ status: { lit: true } }),
};

/** Ready once its status reports that it is lit. */
const beaconKind: CustomKind = {
  apiVersion,
  kind: 'Beacon',
  resource: 'beacons',
  immutablePolicy: 'recreate',
  holdsData: false,
  variables: [{ name: 'lit', expression: 'self.?status.?lit.orValue(false)' }],
  health: [
    { when: 'variables.lit', state: 'ready', reason: "'Lit'", message: "''" },
    { when: 'true', state: 'progressing', reason: "'Dark'", message: "'The beacon is dark.'" },
  ],
};

const sizing: ServiceSizing = {
  service: 'beacon',
  sizes: { beff: sizeNumbers([0, 100], [0, 64]) },
  tiers: { c0: ['beff'] },
  storageChange: 'fixed',
  defaultTier: 'c0',
};

/**
 * A type that only tests have. Its workload is a custom resource of an operator of its own, which no build of the
 * cluster agent contains.
 */
export const beacon: ServiceType = {
  type: 'beacon',
  title: 'Beacon',
  versions: ['1'],
  defaultVersion: '1',
  inputs: serviceInputs({ versions: ['1'], defaultVersion: '1', sizing }),
  sizing,
  ports: [],
  requires: [],
  addons: [],
  secrets: [{ name: 'password', length: 32, description: 'the password of the user app' }],
  credentials: {
    schema: z.object({ url: z.string(), port: PortNumber }),
    example: { url: 'beacon://beacon-x7k2p', port: 7000 },
    of: ({ osid }) => ({ url: `beacon://${osid}`, port: 7000 }),
  },
  kinds: [namespaceKind, secretKind],
  customKinds: [beaconKind],
  operator,
  renderers: {
    1: {
      images: { '1': { registry: 'docker.io', repository: 'example/beacon', tag: '1' } },
      render: (input) => [
        namespaceOf(input),
        credentialsSecret(input, { username: 'app', password: input.secrets['password'] ?? '' }),
        owned(input, apiVersion, 'Beacon', input.osid, { spec: { color: 'white' } }),
      ],
    },
  },
};
