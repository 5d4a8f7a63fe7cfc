import { Controller } from '@nestjs/common';
import { agentGateway } from '@runos/contracts';
import { Answers, type CallContext } from '@runos/messaging';
import { Clusters } from './clusters.js';

@Controller()
export class AgentsController {
  constructor(private readonly clusters: Clusters) {}

  @Answers(agentGateway.listHeartbeats)
  heartbeats({ cid }: { cid: string }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.heartbeats(tenant, cid);
  }

  @Answers(agentGateway.forgetCluster)
  forget({ cid }: { cid: string }, { tenant }: CallContext<'tenant'>) {
    return this.clusters.forget(tenant, cid);
  }
}
