import type { Command, CommandField } from '@runos/api';
import { isPositional } from '@runos/testing-existing-client';
import { registryId } from './sample-registry.js';
import { jobId, principal, setId, upgradeId } from './sample-replies.js';

const file = { filename: 'ca.pem', content: 'AAEC' };

/** Values of fields whose form does not follow from their type. */
const byName: Readonly<Record<string, unknown>> = {
  nid: 'n0d3a',
  cid: 'ky3',
  setId,
  jobId,
  workItemId: jobId,
  overrideId: setId,
  configSetId: setId,
  revision: '1',
  key: 'jobs',
  keywords: 'valkey logs',
  filename: 'ca.pem',
  image: 'ghcr.io/acme/shop:1.4',
  host: 'ghcr.io',
  pod: 'shop-0',
  healthCheckPath: '/healthz',
  metricsPath: '/metrics',
  servicePortMappings: [{ port: 8080 }],
  requires: { cache: { type: 'valkey', id: 'abcde' } },
  allowedWriters: [{ manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] }],
  tags: ['gpu'],
  add: [file],
  remove: ['old.pem'],
  data: 'c3BlYzoge30K',
};

const idOf = ({ endpoint }: Command): string => {
  if (endpoint.includes('/apps/')) return 'app-abcde';
  if (endpoint.includes('/registries/')) return registryId;
  if (endpoint.includes('/upgrades/')) return upgradeId;
  return /api-keys|registration-tokens/.test(endpoint) ? principal.keyId : 'abcde';
};

/** The type that the path names, whose versions and classes the value must fit. */
function valueOf(command: Command, field: CommandField): unknown {
  const { name, type, format } = field;
  if (name === 'id') return idOf(command);
  if (name === 'name' && command.endpoint.includes('/addons/')) return 'cloudnative-pg';
  if (name === 'type' && field.enum === undefined) return 'valkey';
  if (name === 'nodeAffinityTags') return command.endpoint.includes('/services/') ? [] : ['gpu'];
  if (name === 'version' && command.command.endsWith('upgrade-config-set')) return 'v2';
  if (name === 'revision' && !isPositional(command, field)) return 1;
  if (name in byName) return byName[name];
  if (field.enum !== undefined) return field.enum[0];
  if (format === 'date-time') return '2030-02-11T09:30:00Z';
  const ofTypes = { string: 'sample', integer: 1, boolean: true, array: [], object: { sample: 'value' } };
  return ofTypes[type];
}

/** A value of each field, or of the needed ones alone. */
export const sampleValues = (command: Command, which: 'needed' | 'all'): Record<string, unknown> =>
  Object.fromEntries(
    command.input.fields
      .filter((field) => which === 'all' || field.required)
      .map((field) => [field.name, valueOf(command, field)]),
  );
