import { Controller } from '@nestjs/common';
import {
  createCluster,
  createRegistrationToken,
  deleteCluster,
  listClusters,
  type OperationInput,
  showCluster,
} from '@runos/api';
import { agentGateway, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import type { Call } from '../operation/call.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class ClustersController {
  constructor(private readonly bus: Bus) {}

  @Operation(listClusters)
  list(_: OperationInput<typeof listClusters>, { account }: Call) {
    return this.bus.request(reconciler.listClusters, {}, account);
  }

  @Operation(createCluster)
  async create({ body }: OperationInput<typeof createCluster>, { account, write }: Call) {
    const made = await this.bus.request(reconciler.createCluster, { cluster: body, ...write }, account);
    const { cid, name, root, domain, status, createdAt } = made;
    return { cid, name, root, domain, status, createdAt };
  }

  @Operation(showCluster)
  show({ params: { cid } }: OperationInput<typeof showCluster>, { account }: Call) {
    return this.bus.request(reconciler.showCluster, { cid }, account);
  }

  @Operation(deleteCluster)
  delete({ params: { cid } }: OperationInput<typeof deleteCluster>, { account, write }: Call) {
    return this.bus.request(reconciler.deleteCluster, { cid, ...write }, account);
  }

  @Operation(createRegistrationToken)
  async createToken(
    { params: { cid }, body }: OperationInput<typeof createRegistrationToken>,
    { account, write: { idempotency } }: Call,
  ) {
    // Only the reconciler knows which clusters there are, and whether one is being deleted.
    const { status } = await this.bus.request(reconciler.showCluster, { cid }, account);
    if (status === 'deleting') throw deleting(cid);
    return this.bus.request(agentGateway.issueRegistrationToken, { cid, token: body, idempotency }, account);
  }
}

const deleting = (cid: string): Fault =>
  new Fault('conflict.deleting', `Cluster '${cid}' is being deleted; nothing can register with it any more.`);
