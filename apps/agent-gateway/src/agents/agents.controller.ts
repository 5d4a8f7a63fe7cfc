import { Controller } from '@nestjs/common';
import { agentGateway, type InputOf } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { ClusterAgents } from './cluster-agents.js';

@Controller()
export class AgentsController {
  constructor(private readonly clusters: ClusterAgents) {}

  @Respond(agentGateway.listHeartbeats)
  listHeartbeats({ cids }: InputOf<typeof agentGateway.listHeartbeats>, { tenant }: CallContext<'tenant'>) {
    return this.clusters.heartbeats(tenant, cids);
  }

  @Respond(agentGateway.revokeCluster)
  revokeCluster({ cid }: InputOf<typeof agentGateway.revokeCluster>, { tenant }: CallContext<'tenant'>) {
    return this.clusters.revoke(tenant, cid);
  }

  @Respond(agentGateway.revokeNode)
  revokeNode({ cid, nid }: InputOf<typeof agentGateway.revokeNode>, { tenant }: CallContext<'tenant'>) {
    return this.clusters.revokeNode({ aid: tenant, cid, nid });
  }
}
