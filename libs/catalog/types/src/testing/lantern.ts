import { type RenderInput, type ServiceType, serviceInputs } from '@runos/catalog-model';
import {
  containerSecurity,
  imageReference,
  labelsOf,
  namespaceOf,
  owned,
  podSecurity,
  resourcesOf,
  restartAnnotation,
} from '@runos/catalog-model/render-v1';
import { deploymentKind, namespaceKind } from '@runos/kube-kinds';
import { type ServiceSizing, sizeNumbers } from '@runos/sizing';
import { z } from 'zod';

const image = { registry: 'docker.io', repository: 'example/lantern', tag: '1' };

const sizing: ServiceSizing = {
  service: 'lantern',
  sizes: { beff: sizeNumbers([0, 100], [0, 64]) },
  tiers: { c0: ['beff'] },
  storageChange: 'fixed',
  defaultTier: 'c0',
};

function deployment(input: RenderInput, name: string) {
  const selector = { 'app.kubernetes.io/name': 'lantern', 'app.kubernetes.io/instance': name };
  const annotations = restartAnnotation(input.restartedAt);
  return owned(input, 'apps/v1', 'Deployment', name, {
    spec: {
      replicas: input.replicas,
      selector: { matchLabels: selector },
      template: {
        metadata: {
          labels: { ...labelsOf(input), ...selector },
          ...(annotations === undefined ? {} : { annotations }),
        },
        spec: {
          securityContext: podSecurity(1000),
          containers: [
            {
              name: 'lantern',
              image: imageReference(image, input.imageRegistry),
              resources: resourcesOf(input),
              securityContext: containerSecurity,
            },
          ],
        },
      },
    },
  });
}

/** A type that only tests have: two Deployments, no Secret, no ports, and credentials without user and password. */
export const lantern: ServiceType = {
  type: 'lantern',
  title: 'Lantern',
  versions: ['1'],
  defaultVersion: '1',
  inputs: serviceInputs({ versions: ['1'], defaultVersion: '1', sizing }),
  sizing,
  ports: [],
  requires: [],
  addons: [],
  secrets: [],
  credentials: {
    schema: z.object({ brokers: z.array(z.string()).min(1) }),
    example: { brokers: ['lantern-x7k2p-0:9092'] },
    of: ({ osid }) => ({ brokers: [`${osid}-0:9092`, `${osid}-1:9092`] }),
  },
  kinds: [namespaceKind, deploymentKind],
  customKinds: [],
  renderers: {
    1: {
      images: { '1': image },
      render: (input) => [
        namespaceOf(input),
        deployment(input, input.osid),
        deployment(input, `${input.osid}-standby`),
      ],
    },
  },
};
