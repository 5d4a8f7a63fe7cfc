import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import { NodeTags } from './node-tags.js';

const { aid, cid, nid } = pathParams;

export const nodeStatuses = ['pending', 'ready', 'not_ready', 'deleting'] as const;
export const NodeStatus = z.enum(nodeStatuses);
export type NodeStatus = z.infer<typeof NodeStatus>;

export const nodeKubernetesStatuses = ['not_installed', 'ready', 'not_ready', 'cordoned'] as const;
export const nodeRoles = ['control-plane', 'worker'] as const;
export type NodeRole = (typeof nodeRoles)[number];

/** A node of a cluster. `ready`: the last heartbeat of its agent is younger than 30 s. */
export const Node = z.object({
  nid: z.string(),
  name: z.string(),
  status: NodeStatus,
  /** Also of a ready node: `DuplicateIdentity`, `KubernetesNotInstalled`, `KubernetesNotReady` or `Cordoned`. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** What its agent reports about Kubernetes on the machine; null before the first report. */
  kubernetesStatus: z.enum(nodeKubernetesStatuses).nullable(),
  roles: z.array(z.enum(nodeRoles)),
  version: z.string().nullable(),
  os: z.string().nullable(),
  lastHeartbeatAt: Timestamp.nullable(),
  certificateExpiresAt: Timestamp.nullable(),
  /** Apps name them to run on this node. Older control planes leave both fields out. */
  tags: z.array(z.string()).default([]),
  /** Why the Kubernetes node does not have these tags yet. */
  tagsProblem: z.string().nullable().default(null),
});
export type Node = z.infer<typeof Node>;

/** Every node of the cluster, without pages. */
export const listNodes = operation({
  id: 'node.list',
  method: 'GET',
  path: '/:aid/:cid/nodes',
  access: 'read',
  summary: 'List the nodes of a cluster.',
  params: { aid, cid },
  output: z.object({ nodes: z.array(Node) }),
});

export const showNode = operation({
  id: 'node.show',
  method: 'GET',
  path: '/:aid/:cid/nodes/:nid',
  access: 'read',
  summary: 'Show a node.',
  params: { aid, cid, nid },
  output: Node,
});

/** A change of tags. `warnings`: the apps that no node of the cluster matches any more; their pods stay until they end. */
export const UpdatedNode = Node.extend({ warnings: z.array(z.string()) });

/** Returns as soon as the tags are stored. The cluster agent then sets them as labels, and keeps them. */
export const updateNode = operation({
  id: 'node.update',
  method: 'PATCH',
  path: '/:aid/:cid/nodes/:nid',
  access: 'write',
  summary: 'Replace the tags of a node, which are labels of its Kubernetes node.',
  params: { aid, cid, nid },
  body: z.strictObject({ tags: NodeTags }),
  output: UpdatedNode,
  errors: ['conflict.deleting'],
  examples: { body: { tags: ['gpu', 'disk:ssd'] } },
});

/** `node.in_use` while its agent is connected, unless `force` is true. Its machine and Kubernetes keep running. */
export const deleteNode = operation({
  id: 'node.delete',
  method: 'DELETE',
  path: '/:aid/:cid/nodes/:nid',
  access: 'write',
  summary: 'Delete a node and the certificate of its agent. The machine is not changed.',
  params: { aid, cid, nid },
  query: z.strictObject({
    force: z
      .enum(['true', 'false'])
      .optional()
      .register(documentation, { description: '`true` deletes a node whose agent is connected.' }),
  }),
  output: Node.pick({ nid: true, name: true }),
  errors: ['node.in_use'],
  examples: { output: { nid: 'n4x2p', name: 'worker-3' } },
});
