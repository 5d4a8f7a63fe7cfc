const at = '2030-02-11T09:30:00.000Z';

const node = {
  nid: 'n0d3a',
  name: 'one',
  status: 'ready',
  reason: null,
  message: null,
  kubernetesStatus: 'ready',
  roles: ['worker'],
  version: '0.1.0',
  os: 'linux',
  lastHeartbeatAt: at,
  certificateExpiresAt: at,
  tags: ['gpu'],
  tagsProblem: null,
};

/** The replies of the reconciler about nodes. */
export const nodeReplies: Readonly<Record<string, unknown>> = {
  'reconciler.v1.node-list': { nodes: [node] },
  'reconciler.v1.node-show': node,
  'reconciler.v1.node-update': { ...node, warnings: [] },
  'reconciler.v1.node-delete': { nid: node.nid, name: node.name },
};
