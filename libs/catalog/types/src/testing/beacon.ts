import { PortNumber, type ServiceType, serviceInputs } from '@runos/catalog-model';
import { credentialsSecret, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import { type CustomKind, namespaceKind, secretKind } from '@runos/kube-kinds';
import { sizeNumbers } from '@runos/sizing';
import { z } from 'zod';

const apiVersion = 'testing.example.com/v1';

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

/** A type that only tests have: its workload is a custom resource that no build of the cluster agent contains. */
export const beacon: ServiceType = {
  type: 'beacon',
  title: 'Beacon',
  versions: ['1'],
  defaultVersion: '1',
  inputs: serviceInputs({ versions: ['1'], defaultVersion: '1' }),
  sizing: {
    service: 'beacon',
    sizes: { beff: sizeNumbers([0, 100], [0, 64]) },
    tiers: { c0: ['beff'] },
    storageChange: 'fixed',
    defaultTier: 'c0',
  },
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
  renderers: {
    1: {
      images: {},
      render: (input) => [
        namespaceOf(input),
        credentialsSecret(input, { username: 'app', password: input.secrets['password'] ?? '' }),
        owned(input, apiVersion, 'Beacon', input.osid, { spec: { color: 'white' } }),
      ],
    },
  },
};
