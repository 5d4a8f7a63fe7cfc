import { PortNumber, type ServiceType } from '@runos/catalog-model';
import { namespaceKind, secretKind } from '@runos/kube-kinds';
import { z } from 'zod';
import { sizeClashes } from './clashes.js';
import { clusterContents } from './cluster-contents.js';
import { clusterKind } from './cluster-kind.js';
import { creationFields } from './creation-fields.js';
import { parameters } from './parameters.js';
import { postgresqlFields } from './postgresql-fields.js';
import { reservedParameters } from './reserved-parameters.js';
import { cloudNativePg } from './operator/cloudnative-pg.js';
import { startRules } from './start-rules.js';
import { application, v1 } from './v1/render.js';

const { username, database, port } = application;

/** PostgreSQL, run by the CloudNativePG operator. */
export const postgresql: ServiceType = {
  ...postgresqlFields,
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
