import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { ClusterAgents } from './cluster-agents.js';

@Controller()
export class AgentsController {
  constructor(private readonly clusters: ClusterAgents) {}

  @Respond(agentGateway.listHeartbeats)
  heartbeats({ cids }: { cids: string[] }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.heartbeats(tenant, cids);
  }

  @Respond(agentGateway.revokeCluster)
  revoke({ cid }: { cid: string }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.revoke(tenant, cid);
  }

  @Respond(agentGateway.revokeNode)
  revokeNode({ cid, nid }: { cid: string; nid: string }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.revokeNode({ aid: tenant, cid, nid });
  }
}
