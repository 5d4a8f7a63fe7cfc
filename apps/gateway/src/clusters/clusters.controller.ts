import { Controller } from '@nestjs/common';
import {
  acceptKubernetesCluster,
  createCluster,
  createRegistrationToken,
  deleteCluster,
  listClusters,
  listRegistrationTokens,
  type OperationInput,
  revokeRegistrationToken,
  showCluster,
  updateCluster,
} from '@runos/api';
import { agentGateway, reconciler } from '@runos/contracts';
import { Fault } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class ClustersController {
  constructor(private readonly bus: Bus) {}

  @Operation(listClusters)
  list(_: OperationInput<typeof listClusters>, { account }: CallContext) {
    return this.bus.request(reconciler.listClusters, {}, account);
  }

  @Operation(createCluster)
  async create({ body }: OperationInput<typeof createCluster>, { account, write }: CallContext) {
    const created = await this.bus.request(reconciler.createCluster, { cluster: body, ...write }, account);
    const { cid, name, root, domain, status, createdAt } = created;
    return { cid, name, root, domain, status, createdAt };
  }

  @Operation(showCluster)
  show({ params: { cid } }: OperationInput<typeof showCluster>, { account }: CallContext) {
    return this.bus.request(reconciler.showCluster, { cid }, account);
  }

  @Operation(updateCluster)
  update({ params: { cid }, body }: OperationInput<typeof updateCluster>, { account, write }: CallContext) {
    return this.bus.request(reconciler.updateCluster, { cid, changes: body, ...write }, account);
  }

  @Operation(deleteCluster)
  delete({ params: { cid } }: OperationInput<typeof deleteCluster>, { account, write }: CallContext) {
    return this.bus.request(reconciler.deleteCluster, { cid, ...write }, account);
  }

  @Operation(acceptKubernetesCluster)
  accept({ params: { cid }, body }: OperationInput<typeof acceptKubernetesCluster>, { account, write }: CallContext) {
    return this.bus.request(reconciler.acceptKubernetesCluster, { cid, ...body, ...write }, account);
  }

  @Operation(createRegistrationToken)
  async createToken(
    { params: { cid }, body }: OperationInput<typeof createRegistrationToken>,
    { account, principal: { kind, keyId }, write: { idempotency } }: CallContext,
  ) {
    // The reconciler owns clusters: it decides whether this one exists and is not being deleted.
    const { status } = await this.bus.request(reconciler.showCluster, { cid }, account);
    if (status === 'deleting') throw deleting(cid);
    const input = { cid, token: body, credential: { kind, keyId }, idempotency };
    return this.bus.request(agentGateway.issueRegistrationToken, input, account);
  }

  @Operation(listRegistrationTokens)
  async listTokens({ params: { cid } }: OperationInput<typeof listRegistrationTokens>, { account }: CallContext) {
    await this.bus.request(reconciler.showCluster, { cid }, account);
    return this.bus.request(agentGateway.listRegistrationTokens, { cid }, account);
  }

  @Operation(revokeRegistrationToken)
  async revokeToken({ params: { cid, id } }: OperationInput<typeof revokeRegistrationToken>, { account }: CallContext) {
    await this.bus.request(reconciler.showCluster, { cid }, account);
    return this.bus.request(agentGateway.revokeRegistrationToken, { cid, id }, account);
  }
}

const deleting = (cid: string): Fault =>
  new Fault('conflict.deleting', `Cluster '${cid}' is being deleted; no agent can register with it any more.`);
