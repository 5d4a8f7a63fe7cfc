import { Controller } from '@nestjs/common';
import {
  diffRevision,
  listRevisions,
  type OperationInput,
  planServiceRollback,
  rollBack,
  showRevision,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from './instance-request.js';

/** The stored specs of instances. */
@Controller()
export class RevisionsController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(listRevisions)
  list({ params, query }: OperationInput<typeof listRevisions>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstanceRevisions, { ...oneOf(params), ...query }, account);
  }

  @Operation(showRevision)
  show({ params }: OperationInput<typeof showRevision>, { account }: CallContext) {
    const revision = Number(params.revision);
    return this.bus.request(reconciler.showInstanceRevision, { ...oneOf(params), revision }, account);
  }

  @Operation(diffRevision)
  diff({ params, query }: OperationInput<typeof diffRevision>, { account }: CallContext) {
    const revision = Number(params.revision);
    return this.bus.request(reconciler.diffInstanceRevision, { ...oneOf(params), revision, ...query }, account);
  }

  @PlannableOperation(rollBack, planServiceRollback)
  rollBack({ params, query, body }: OperationInput<typeof rollBack>, call: CallContext) {
    return this.writes.send(reconciler.rollBackInstance, { ...oneOf(params), ...body, ...forced(query) }, call);
  }
}
