import type { CatalogCommand } from '../src/catalog/catalog.js';

const id = { name: 'id', type: 'string', required: true, positional: true };
const service = '/:aid/:cid/services/postgresql';

const commands: readonly CatalogCommand[] = [
  {
    command: 'clusters/list',
    description: 'List clusters. All of them.',
    endpoint: '/:aid/clusters',
    method: 'GET',
    input: { fields: [] },
    output: { type: 'array', fields: ['cid', 'name', 'status', 'createdAt'] },
  },
  {
    command: 'clusters/show',
    endpoint: '/:aid/clusters/:cid',
    method: 'GET',
    input: { fields: [{ name: 'cid', type: 'string', required: true, positional: true }] },
    output: { type: 'object', fields: ['cid', 'name', 'status'] },
  },
  {
    command: 'services/postgresql/add',
    description: 'Create a PostgreSQL.',
    endpoint: service,
    method: 'POST',
    mcp: ['write'],
    input: {
      fields: [
        { name: 'name', type: 'string', required: true, description: 'Its name.' },
        {
          name: 'resourceRequirementClassId',
          type: 'string',
          default: 'postgresql.c0.small',
          enum: ['postgresql.c0.small', 'custom'],
        },
        { name: 'storageMb', type: 'integer', description: 'Storage in MiB.' },
        { name: 'nodeAffinityTags', type: 'array', itemType: 'string' },
        { name: 'providerConfig.location', type: 'string' },
        { name: 'labels', type: 'object' },
        { name: 'noBackup', type: 'boolean' },
      ],
      flags: [
        { name: 'vector', description: 'Enable pgvector.', default: false },
        { name: 'secured', default: true },
      ],
    },
    output: { type: 'object', fields: ['id', 'name', 'status', 'jobId'] },
  },
  {
    command: 'services/postgresql/list',
    endpoint: service,
    method: 'GET',
    input: { fields: [{ name: 'limit', type: 'integer', default: 20 }], flags: [{ name: 'all' }] },
    output: { type: 'array', fields: ['name', 'id', 'status', 'createdAt', 'reason'] },
  },
  {
    command: 'services/postgresql/{id}/show',
    endpoint: `${service}/:id`,
    method: 'GET',
    input: { fields: [id] },
    output: { type: 'object', fields: ['id', 'name', 'status', 'createdAt'] },
  },
  {
    command: 'services/postgresql/{id}/update',
    endpoint: `${service}/:id`,
    method: 'PATCH',
    input: { fields: [id, { name: 'replicas', type: 'integer' }] },
    output: { type: 'object', fields: ['jobId'] },
  },
  {
    command: 'services/postgresql/{id}/delete',
    endpoint: `${service}/:id`,
    method: 'DELETE',
    input: { fields: [id] },
    output: { type: 'object', fields: ['jobId'] },
  },
  {
    command: 'services/postgresql/{id}/credentials',
    endpoint: `${service}/:id/credentials`,
    method: 'GET',
    input: { fields: [id] },
    output: { type: 'object', fields: ['host', 'port'] },
  },
  {
    command: 'services/postgresql/{id}/logs',
    endpoint: `${service}/:id/logs`,
    method: 'GET',
    input: {
      fields: [id, { name: 'tail', type: 'integer', default: 100 }, { name: 'since', type: 'string' }],
      flags: [{ name: 'previous', default: false }],
    },
    output: { type: 'array', fields: ['podName', 'containerName', 'timestamp', 'message'] },
  },
  {
    command: 'account/api-keys/add',
    endpoint: '/:aid/api-keys',
    method: 'POST',
    input: {
      fields: [
        { name: 'name', type: 'string', required: true },
        { name: 'expiresAt', type: 'string', required: true },
      ],
    },
    output: { type: 'object', fields: ['id', 'name', 'expiresAt', 'token'] },
  },
  {
    command: 'account/api-keys/{id}/revoke',
    endpoint: '/:aid/api-keys/:id/revoke',
    method: 'POST',
    input: { fields: [id] },
    output: { type: 'object', fields: ['id', 'revokedAt'] },
  },
  {
    command: 'jobs/show',
    endpoint: '/jobs/:jobId',
    method: 'GET',
    input: { fields: [{ name: 'jobId', type: 'string', required: true, positional: true }] },
    output: { type: 'object', fields: ['id', 'type', 'status', 'progress', 'createdAt', 'error'] },
  },
];

/** What the server of these specs offers. */
export const sampleCatalog = { version: '1.0.0', commands };
