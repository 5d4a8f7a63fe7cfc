import { AllowedWriters, ClusterWriters, documentation, Name } from '@runos/catalog-model';
import { z } from 'zod';
import { Accepted, Generation, Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid, registrationTokenId } = pathParams;

/** `pending`: no agent has connected yet. `connected`: the last heartbeat of its agent is younger than 30 s. */
export const clusterStatuses = ['pending', 'connected', 'disconnected', 'deleting'] as const;
export const ClusterStatus = z.enum(clusterStatuses);
export type ClusterStatus = z.infer<typeof ClusterStatus>;

/**
 * A cluster of an account. `domain` is `<cid>.<aid>.<root>`; cid and root never change. A null storage class stands for
 * the cluster's default class (local) or for none (distributed).
 */
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
  allowedWriters: AllowedWriters.optional(),
  agentVersion: z.string().nullable(),
  lastHeartbeatAt: Timestamp.nullable(),
  generation: Generation,
  createdAt: Timestamp,
  updatedAt: Timestamp,
});
export type Cluster = z.infer<typeof Cluster>;

const StorageClassName = z.string().regex(/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/, 'must be a storage class name');

/** Absent fields: a minted cid, the cid as the name, the configured root. */
export const CreateCluster = z.strictObject({
  cid: z
    .string()
    .regex(/^[a-z0-9]{3,16}$/, 'must be 3 to 16 characters of a-z and 0-9')
    .optional()
    .register(documentation, {
      description: 'Cluster id: 3 to 16 of a-z and 0-9. It never changes. Default: a generated one.',
    }),
  name: Name.optional().register(documentation, { description: 'Display name. Default: the cluster id.' }),
  root: z
    .string()
    .min(1)
    .max(253)
    .optional()
    .register(documentation, { description: 'Root of its domain. It never changes. Default: the configured one.' }),
  localStorageClass: StorageClassName.optional().register(documentation, {
    description: 'Storage class of local volumes. Default: that of the cluster.',
  }),
  distributedStorageClass: StorageClassName.optional().register(documentation, {
    description: 'Storage class of distributed volumes. Default: none.',
  }),
});

/** Every cluster of the account; the list has no pages, since an account has at most 100. */
export const listClusters = operation({
  id: 'cluster.list',
  method: 'GET',
  path: '/:aid/clusters',
  access: 'read',
  summary: 'List the clusters of the account.',
  params: { aid },
  output: z.object({ clusters: z.array(Cluster) }),
});

/** `request.invalid` also for a cid that is a reserved word. */
export const createCluster = operation({
  id: 'cluster.create',
  method: 'POST',
  path: '/:aid/clusters',
  access: 'write',
  summary: 'Create a cluster. Its agent connects with a registration token.',
  params: { aid },
  body: CreateCluster,
  output: Cluster.pick({ cid: true, name: true, root: true, domain: true, status: true, createdAt: true }),
  status: 201,
  errors: ['cluster.exists'],
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

/** The ETag is the generation. */
export const showCluster = operation({
  id: 'cluster.show',
  method: 'GET',
  path: '/:aid/clusters/:cid',
  access: 'read',
  summary: 'Show a cluster.',
  params: { aid, cid },
  output: Cluster,
  versioned: true,
});

/** Absent fields keep their values. */
export const UpdateCluster = z.strictObject({ allowedWriters: ClusterWriters.optional() });

/**
 * Instances whose objects have such a kind are delivered again, 20 of them per second. They get no new revision and no
 * job. `request.invalid` for a kind that no type has.
 */
export const updateCluster = operation({
  id: 'cluster.update',
  method: 'PATCH',
  path: '/:aid/clusters/:cid',
  access: 'write',
  summary: 'Change the field managers that may write fields of all instances of a cluster.',
  params: { aid, cid },
  body: UpdateCluster,
  output: Cluster,
  versioned: true,
  examples: {
    body: { allowedWriters: [{ manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] }] },
  },
});

export const deleteCluster = operation({
  id: 'cluster.delete',
  method: 'DELETE',
  path: '/:aid/clusters/:cid',
  access: 'sensitive_write',
  summary: 'Delete an empty cluster, its nodes and the certificates of its agents.',
  params: { aid, cid },
  output: Accepted,
  status: 202,
  errors: ['cluster.not_empty'],
  versioned: true,
});

/** `kubernetesUid`: the uid of the namespace kube-system of the Kubernetes cluster. */
export const AcceptKubernetesCluster = z.strictObject({
  kubernetesUid: z
    .string()
    .min(1)
    .max(64)
    .register(documentation, { description: 'The uid of the namespace kube-system of the Kubernetes cluster.' }),
});

/**
 * For a cluster with the reason `ForeignAgent` whose Kubernetes cluster was rebuilt. Its agent is accepted from now on,
 * and every instance and add-on is delivered to it. Volumes are empty there. `cluster.agent_mismatch` when the agent that
 * connected last does not run in this Kubernetes cluster, or the cluster is bound to it already.
 */
export const acceptKubernetesCluster = operation({
  id: 'cluster.accept',
  method: 'POST',
  path: '/:aid/clusters/:cid/accept',
  access: 'sensitive_write',
  summary: 'Bind a cluster to the rebuilt Kubernetes cluster in which its agent runs now.',
  params: { aid, cid },
  body: AcceptKubernetesCluster,
  output: Cluster,
  errors: ['cluster.agent_mismatch'],
  versioned: true,
  examples: { body: { kubernetesUid: '0c5e7d7a-6f0e-4d57-9c63-0f1b7a2d9e11' } },
});

/** The kind of agent that a registration token registers. */
export const tokenPurposes = ['node', 'cluster-agent'] as const;

/** The token expires after `ttlSeconds`, 900 by default, and with the token or session that creates it at the latest. */
export const CreateRegistrationToken = z.strictObject({
  purpose: z.enum(tokenPurposes).register(documentation, { description: 'The kind of agent that registers.' }),
  ttlSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .register(documentation, { description: 'Lifetime in seconds; 900 when absent.', unit: 'seconds' })
    .optional(),
});

/** `command` installs the agent; it carries `caSha256`, the SHA-256 of the CA that the agent must trust. */
export const RegistrationToken = z.object({
  token: z.string(),
  purpose: z.enum(tokenPurposes),
  expiresAt: Timestamp,
  command: z.string(),
  caSha256: z.string(),
});

/** The token is shown only in this response. */
export const createRegistrationToken = operation({
  id: 'cluster.registration-token.create',
  method: 'POST',
  path: '/:aid/clusters/:cid/registration-tokens',
  access: 'sensitive_write',
  summary: 'Create a single-use token with which a node or the cluster agent registers.',
  params: { aid, cid },
  body: CreateRegistrationToken,
  output: RegistrationToken,
  status: 201,
  errors: ['conflict.deleting'],
  examples: { body: { purpose: 'cluster-agent' } },
});

/**
 * A registration token without its secret. `createdBy` is the id of its user or personal access token. It cannot be used
 * after `usedAt`, `revokedAt` or `expiresAt`.
 */
export const ShownRegistrationToken = z.object({
  id: z.string(),
  purpose: z.enum(tokenPurposes),
  createdBy: z.string(),
  createdAt: Timestamp,
  expiresAt: Timestamp,
  usedAt: Timestamp.nullable(),
  revokedAt: Timestamp.nullable(),
});

/** Usable tokens first, then newest first; at most 1,000. Expired ones are listed for seven days. */
export const listRegistrationTokens = operation({
  id: 'cluster.registration-token.list',
  method: 'GET',
  path: '/:aid/clusters/:cid/registration-tokens',
  access: 'read',
  summary: 'List the registration tokens of a cluster, without their secrets.',
  params: { aid, cid },
  output: z.object({ registrationTokens: z.array(ShownRegistrationToken) }),
});

/** Effective at once. Agents that have registered with the token stay. Repeating it returns the first revocation. */
export const revokeRegistrationToken = operation({
  id: 'cluster.registration-token.revoke',
  method: 'DELETE',
  path: '/:aid/clusters/:cid/registration-tokens/:id',
  access: 'sensitive_write',
  summary: 'Revoke a registration token.',
  params: { aid, cid, id: registrationTokenId },
  output: z.object({ id: z.string(), revokedAt: Timestamp }),
});
