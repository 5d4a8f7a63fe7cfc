import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { Respond, type CallContext } from '@runos/messaging';
import { Clusters } from './clusters.js';

@Controller()
export class AgentsController {
  constructor(private readonly clusters: Clusters) {}

  @Respond(agentGateway.listHeartbeats)
  heartbeats({ cids }: { cids: string[] }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.heartbeats(tenant, cids);
  }

  @Respond(agentGateway.revokeCluster)
  forget({ cid }: { cid: string }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.forget(tenant, cid);
  }
}
