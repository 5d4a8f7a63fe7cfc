import { z } from 'zod';
import { Timestamp } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';

const { aid, cid, nid } = pathParams;

export const nodeStatuses = ['pending', 'ready', 'not_ready', 'deleting'] as const;
export const NodeStatus = z.enum(nodeStatuses);
export type NodeStatus = z.infer<typeof NodeStatus>;

export const Node = z.object({
  nid: z.string(),
  name: z.string(),
  status: NodeStatus,
  version: z.string().nullable(),
  os: z.string().nullable(),
  lastHeartbeatAt: Timestamp.nullable(),
  certificateExpiresAt: Timestamp.nullable(),
});
export type Node = z.infer<typeof Node>;

export const listNodes = operation({
  id: 'node.list',
  method: 'GET',
  path: '/:aid/:cid/nodes',
  access: 'read',
  summary: 'The nodes of a cluster.',
  params: { aid, cid },
  output: z.object({ nodes: z.array(Node) }),
});

export const showNode = operation({
  id: 'node.show',
  method: 'GET',
  path: '/:aid/:cid/nodes/:nid',
  access: 'read',
  summary: 'One node.',
  params: { aid, cid, nid },
  output: Node,
});
