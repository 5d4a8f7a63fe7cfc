import { PortNumber, type ServiceType } from '@runos/catalog-model';
import { configMapKind, namespaceKind, secretKind, serviceKind, statefulSetKind } from '@runos/kube-kinds';
import { z } from 'zod';
import { names } from './v1/names.js';
import { rabbitmqFields } from './rabbitmq-fields.js';
import { v1 } from './v1/render.js';

const { username, amqpPort, managementPort } = names;

/** RabbitMQ with its management interface. Several replicas form one cluster. */
export const rabbitmq: ServiceType = {
  ...rabbitmqFields,
  ports: [
    { name: 'amqp', port: amqpPort, protocol: 'TCP' },
    { name: 'management', port: managementPort, protocol: 'TCP' },
  ],
  requires: [],
  addons: [],
  secrets: [
    { name: 'password', length: 32, description: `the password of the user ${username}` },
    { name: 'cookie', length: 32, description: 'the Erlang cookie, by which the nodes of a cluster trust each other' },
  ],
  credentials: {
    schema: z.object({
      host: z.string(),
      port: PortNumber,
      username: z.string(),
      password: z.string(),
      url: z.string(),
      managementUrl: z.string(),
    }),
    example: {
      host: 'rabbitmq-x7k2p.rabbitmq-x7k2p.svc',
      port: amqpPort,
      username,
      password: 'k3J…',
      url: 'amqp://app:k3J…@rabbitmq-x7k2p.rabbitmq-x7k2p.svc:5672',
      managementUrl: 'http://rabbitmq-x7k2p.rabbitmq-x7k2p.svc:15672',
    },
    of: ({ osid }, { password = '' }) => {
      const host = `${osid}.${osid}.svc`;
      return {
        host,
        port: amqpPort,
        username,
        password,
        url: `amqp://${username}:${password}@${host}:${amqpPort}`,
        managementUrl: `http://${host}:${managementPort}`,
      };
    },
  },
  kinds: [namespaceKind, secretKind, configMapKind, serviceKind, statefulSetKind],
  customKinds: [],
  renderers: { 1: v1 },
};
