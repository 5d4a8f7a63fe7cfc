import {
  Accepted,
  AcceptKubernetesCluster,
  Addon,
  Cluster,
  CreateCluster,
  Node,
  UpdateCluster,
  UpdatedNode,
} from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';

const fromGateway = { owner: 'reconciler', callers: ['gateway'], scope: 'tenant', deadlineMs: 4_000 } as const;
const cid = z.string();

export const listClusters = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-list',
  input: z.object({}),
  output: z.object({ clusters: z.array(Cluster) }),
  idempotent: true,
});

export const createCluster = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-create',
  input: z.object({ cluster: CreateCluster, ...WriteOptions }),
  output: Cluster,
  idempotent: false,
});

export const showCluster = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-show',
  input: z.object({ cid }),
  output: Cluster,
  idempotent: true,
});

/** As `acceptKubernetesCluster`, if something differs. */
export const updateCluster = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-update',
  input: z.object({ cid, changes: UpdateCluster, ...WriteOptions }),
  output: Cluster,
  deadlineMs: 8_000,
  idempotent: false,
});

export const deleteCluster = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-delete',
  input: z.object({ cid, ...WriteOptions }),
  output: Accepted,
  idempotent: false,
});

/** The reply is sent only after the audit entry is durable. */
export const acceptKubernetesCluster = request({
  ...fromGateway,
  subject: 'reconciler.v1.cluster-accept',
  input: z.object({ cid, ...AcceptKubernetesCluster.shape, ...WriteOptions }),
  output: Cluster,
  deadlineMs: 8_000,
  idempotent: false,
});

export const listAddons = request({
  ...fromGateway,
  subject: 'reconciler.v1.addon-list',
  input: z.object({ cid }),
  output: z.object({ addons: z.array(Addon) }),
  idempotent: true,
});

export const installAddon = request({
  ...fromGateway,
  subject: 'reconciler.v1.addon-install',
  input: z.object({ cid, name: z.string(), ...WriteOptions }),
  output: Accepted,
  idempotent: false,
});

export const removeAddon = request({
  ...fromGateway,
  subject: 'reconciler.v1.addon-remove',
  input: z.object({ cid, name: z.string(), ...WriteOptions }),
  output: Accepted,
  idempotent: false,
});

export const listNodes = request({
  ...fromGateway,
  subject: 'reconciler.v1.node-list',
  input: z.object({ cid }),
  output: z.object({ nodes: z.array(Node) }),
  idempotent: true,
});

export const showNode = request({
  ...fromGateway,
  subject: 'reconciler.v1.node-show',
  input: z.object({ cid, nid: z.string() }),
  output: Node,
  idempotent: true,
});

/** Replaces the tags, so a repetition changes nothing. */
export const updateNode = request({
  ...fromGateway,
  subject: 'reconciler.v1.node-update',
  input: z.object({ cid, nid: z.string(), tags: z.array(z.string()) }),
  output: UpdatedNode,
  idempotent: true,
});

export const deleteNode = request({
  ...fromGateway,
  subject: 'reconciler.v1.node-delete',
  input: z.object({ cid, nid: z.string(), force: z.boolean() }),
  output: Node.pick({ nid: true, name: true }),
  deadlineMs: 8_000,
  idempotent: false,
});
