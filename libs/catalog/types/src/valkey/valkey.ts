import { PortNumber, type ServiceType } from '@runos/catalog-model';
import { configMapKind, namespaceKind, secretKind, serviceKind, statefulSetKind } from '@runos/kube-kinds';
import { z } from 'zod';
import { names } from './v1/names.js';
import { valkeyFields } from './valkey-fields.js';
import { v1 } from './v1/render.js';

const { username, port } = names;

/** Valkey, the open-source fork of Redis: one primary, and read replicas for a replica count above one. */
export const valkey: ServiceType = {
  ...valkeyFields,
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
