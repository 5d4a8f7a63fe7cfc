import { Controller } from '@nestjs/common';
import type { Node, NodeStatus } from '@runos/api';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { Database } from '@runos/persistence';
import { ClusterRepository } from '../clusters/cluster-repository.js';
import { duplicateReason, type StatusReason } from '../connections/duplicate-identity.js';
import { LiveHeartbeats } from '../connections/live-heartbeats.js';
import { ChangeNodeTags } from './change-node-tags.js';
import { DeleteNode } from './delete-node.js';
import { nodeNotFound, NodeRepository, type NodeRow } from './node-repository.js';
import { RegisterNode } from './register-node.js';

type Call = CallContext<'tenant'>;

const kubernetesReasons: Readonly<Record<NonNullable<Node['kubernetesStatus']>, StatusReason | undefined>> = {
  not_installed: {
    reason: 'KubernetesNotInstalled',
    message:
      'The agent of this machine finds no Kubernetes on it. Join the machine to the cluster, for example by kubeadm.',
  },
  not_ready: {
    reason: 'KubernetesNotReady',
    message: 'The kubelet of this machine is not healthy. Read its log: journalctl -u kubelet.',
  },
  cordoned: {
    reason: 'Cordoned',
    message: 'Kubernetes starts no pods on this node. Allow them again: kubectl uncordon NODE.',
  },
  ready: undefined,
};

function nodeStatus({ deleting, ready, was_ready }: NodeRow): NodeStatus {
  if (deleting) return 'deleting';
  if (ready) return 'ready';
  return was_ready ? 'not_ready' : 'pending';
}

/** Why a ready node is not all that it should be, and what to do. */
function nodeReason({ duplicate_addresses: addresses, ready, kubernetes_status: status }: NodeRow): StatusReason {
  const none = { reason: null, message: null };
  return duplicateReason(addresses) ?? ((ready && status !== null && kubernetesReasons[status]) || none);
}

/** `liveHeartbeatAt`: the agent gateway's time, later than the stored one. */
const nodeView = (row: NodeRow, liveHeartbeatAt: string | undefined): Node => ({
  nid: row.nid,
  name: row.name,
  status: nodeStatus(row),
  ...nodeReason(row),
  kubernetesStatus: row.kubernetes_status,
  roles: row.roles,
  version: row.version,
  os: row.os,
  lastHeartbeatAt: liveHeartbeatAt ?? row.last_heartbeat_at?.toISOString() ?? null,
  certificateExpiresAt: row.certificate_expires_at?.toISOString() ?? null,
  tags: row.tags ?? [],
  tagsProblem: row.tags_problem,
});

@Controller()
export class NodesController {
  constructor(
    private readonly database: Database,
    private readonly clusters: ClusterRepository,
    private readonly nodes: NodeRepository,
    private readonly heartbeats: LiveHeartbeats,
    private readonly registrations: RegisterNode,
    private readonly deletions: DeleteNode,
    private readonly tagChanges: ChangeNodeTags,
  ) {}

  @Respond(reconciler.listNodes)
  async list({ cid }: InputOf<typeof reconciler.listNodes>, { tenant }: Call) {
    return { nodes: await this.#views(tenant, cid) };
  }

  @Respond(reconciler.showNode)
  show({ cid, nid }: InputOf<typeof reconciler.showNode>, { tenant }: Call) {
    return this.#view(tenant, cid, nid);
  }

  @Respond(reconciler.updateNode)
  async update(input: InputOf<typeof reconciler.updateNode>, { tenant }: Call) {
    const warnings = await this.tagChanges.run(input, tenant);
    return { ...(await this.#view(tenant, input.cid, input.nid)), warnings };
  }

  @Respond(reconciler.deleteNode)
  delete(input: InputOf<typeof reconciler.deleteNode>, { tenant }: Call) {
    return this.deletions.run(input, tenant);
  }

  @Respond(reconciler.registerNode)
  register(input: InputOf<typeof reconciler.registerNode>, { tenant }: Call) {
    return this.registrations.run(input, tenant);
  }

  async #view(tenant: string, cid: string, nid: string): Promise<Node> {
    const [node] = await this.#views(tenant, cid, nid);
    if (node === undefined) throw nodeNotFound(nid, cid);
    return node;
  }

  /** The list and the show read `lastHeartbeatAt` here. */
  async #views(tenant: string, cid: string, nid?: string) {
    const sql = this.database.manager;
    const rows = await this.nodes.list(sql, tenant, cid, nid);
    if (rows.length === 0) await this.clusters.get(sql, tenant, cid);
    const live = await this.heartbeats.read(tenant, rows.some(({ ready }) => ready) ? [cid] : []);
    return rows.map((node) => nodeView(node, live.of(cid, node.nid)));
  }
}
