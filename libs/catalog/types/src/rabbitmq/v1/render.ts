import type { Renderer, RenderInput } from '@runos/catalog-model';
import { credentialsSecret, imageReference, namespaceOf, owned } from '@runos/catalog-model/render-v1';
import type { KubeObject } from '@runos/kube-objects';
import { authConf, rabbitmqConf, startScript } from './config.js';
import { names, selectorOf } from './names.js';
import { statefulSet } from './stateful-set.js';

const images = { '4.0': { registry: 'docker.io', repository: 'library/rabbitmq', tag: '4.0.9-management' } };

const secret = (input: RenderInput): KubeObject => {
  const { password = '', cookie = '' } = input.secrets;
  return credentialsSecret(input, { username: names.username, password, cookie, 'auth.conf': authConf(password) });
};

const config = (input: RenderInput): KubeObject =>
  owned(input, 'v1', 'ConfigMap', names.config(input.osid), {
    data: { 'rabbitmq.conf': rabbitmqConf(input), 'start.sh': startScript },
  });

const port = (name: string, number: number) => ({ name, port: number, protocol: 'TCP', targetPort: name });

const service = (input: RenderInput, name: string, spec: Readonly<Record<string, unknown>>): KubeObject =>
  owned(input, 'v1', 'Service', name, {
    spec: {
      type: 'ClusterIP',
      sessionAffinity: 'None',
      internalTrafficPolicy: 'Cluster',
      ports: [port('amqp', names.amqpPort), port('management', names.managementPort)],
      selector: selectorOf(input.osid),
      ...spec,
    },
  });

export const v1: Renderer = {
  images,
  render: (input) => [
    namespaceOf(input),
    secret(input),
    config(input),
    service(input, input.osid, {}),
    // Pods of a new cluster find each other before they are ready.
    service(input, names.members(input.osid), { clusterIP: 'None', publishNotReadyAddresses: true }),
    statefulSet(input, imageReference(images[input.version as keyof typeof images], input.imageRegistry)),
  ],
};
