import { z } from 'zod';
import { Accepted, Name, Timestamp } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';

const { aid, cid } = pathParams;

/** `pending`: no agent yet; `connected` and `disconnected` follow the cluster agent's heartbeats. */
export const clusterStatuses = ['pending', 'connected', 'disconnected', 'deleting'] as const;
export const ClusterStatus = z.enum(clusterStatuses);
export type ClusterStatus = z.infer<typeof ClusterStatus>;

export const Cluster = z.object({
  cid: z.string(),
  name: z.string(),
  status: ClusterStatus,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  root: z.string(),
  domain: z.string(),
  localStorageClass: z.string().nullable(),
  distributedStorageClass: z.string().nullable(),
  isDefault: z.boolean(),
  agentVersion: z.string().nullable(),
  lastHeartbeatAt: Timestamp.nullable(),
  generation: z.int(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Cluster = z.infer<typeof Cluster>;

const StorageClassName = z.string().regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, 'must be a storage class name');

export const CreateCluster = z.strictObject({
  cid: z
    .string()
    .regex(/^[a-z0-9]{3,16}$/, 'must be 3 to 16 characters of a-z and 0-9')
    .optional(),
  name: Name.optional(),
  root: z.string().min(1).max(253).optional(),
  localStorageClass: StorageClassName.optional(),
  distributedStorageClass: StorageClassName.optional(),
});

export const listClusters = operation({
  id: 'cluster.list',
  method: 'GET',
  path: '/:aid/clusters',
  access: 'read',
  summary: 'The clusters of the account.',
  params: { aid },
  output: z.object({ clusters: z.array(Cluster) }),
});

export const createCluster = operation({
  id: 'cluster.create',
  method: 'POST',
  path: '/:aid/clusters',
  access: 'write',
  summary: 'Add a cluster; its agent connects with a registration token.',
  params: { aid },
  body: CreateCluster,
  output: Cluster.pick({ cid: true, name: true, root: true, domain: true, status: true, createdAt: true }),
  status: 201,
  examples: {
    body: { cid: 'ky3', name: 'production' },
    output: {
      cid: 'ky3',
      name: 'production',
      root: 'example.com',
      domain: 'ky3.k3v9d.example.com',
      status: 'pending',
      createdAt: '2030-02-11T09:30:00.000Z',
    },
  },
});

export const showCluster = operation({
  id: 'cluster.show',
  method: 'GET',
  path: '/:aid/clusters/:cid',
  access: 'read',
  summary: 'One cluster.',
  params: { aid, cid },
  output: Cluster,
  versioned: true,
});

export const deleteCluster = operation({
  id: 'cluster.delete',
  method: 'DELETE',
  path: '/:aid/clusters/:cid',
  access: 'sensitive_write',
  summary: 'Remove an empty cluster, its nodes and the certificates of its agents.',
  params: { aid, cid },
  output: Accepted,
  status: 202,
  versioned: true,
});

/** What a registration token is good for. */
export const tokenPurposes = ['node', 'cluster-agent'] as const;

export const CreateRegistrationToken = z.strictObject({
  purpose: z.enum(tokenPurposes),
  /** At most 24 hours; 15 minutes when left out. */
  ttlSeconds: z.int().min(1).max(86_400).optional(),
});

export const RegistrationToken = z.object({
  token: z.string(),
  purpose: z.enum(tokenPurposes),
  expiresAt: Timestamp,
  command: z.string(),
  caSha256: z.string(),
});

export const createRegistrationToken = operation({
  id: 'cluster.registration-token.create',
  method: 'POST',
  path: '/:aid/clusters/:cid/registration-tokens',
  access: 'sensitive_write',
  summary: 'Make a single-use token with which a node or the cluster agent registers.',
  params: { aid, cid },
  body: CreateRegistrationToken,
  output: RegistrationToken,
  status: 201,
  examples: { body: { purpose: 'cluster-agent' } },
});
