import { Controller } from '@nestjs/common';
import { deleteNode, listNodes, type OperationInput, showNode, updateNode } from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation } from '../operation/operation.decorator.js';

@Controller()
export class NodesController {
  constructor(private readonly bus: Bus) {}

  @Operation(listNodes)
  list({ params: { cid } }: OperationInput<typeof listNodes>, { account }: CallContext) {
    return this.bus.request(reconciler.listNodes, { cid }, account);
  }

  @Operation(showNode)
  show({ params: { cid, nid } }: OperationInput<typeof showNode>, { account }: CallContext) {
    return this.bus.request(reconciler.showNode, { cid, nid }, account);
  }

  @Operation(updateNode)
  update({ params: { cid, nid }, body: { tags } }: OperationInput<typeof updateNode>, { account }: CallContext) {
    return this.bus.request(reconciler.updateNode, { cid, nid, tags }, account);
  }

  @Operation(deleteNode)
  delete({ params: { cid, nid }, query: { force } }: OperationInput<typeof deleteNode>, { account }: CallContext) {
    return this.bus.request(reconciler.deleteNode, { cid, nid, force: force === 'true' }, account);
  }
}
