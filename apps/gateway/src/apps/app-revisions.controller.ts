import { Controller } from '@nestjs/common';
import {
  diffAppRevision,
  listAppRevisions,
  type OperationInput,
  planAppRollback,
  rollBackApp,
  showAppRevision,
} from '@runos/api';
import { reconciler } from '@runos/contracts';
import { Bus } from '@runos/messaging';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { PlannableWrites } from '../plans/plannable-writes.js';
import { forced, oneOf } from '../services/instance-request.js';

/** The stored specs of apps. */
@Controller()
export class AppRevisionsController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(listAppRevisions)
  list({ params, query }: OperationInput<typeof listAppRevisions>, { account }: CallContext) {
    return this.bus.request(reconciler.listInstanceRevisions, { ...oneOf(params), ...query }, account);
  }

  @Operation(showAppRevision)
  show({ params }: OperationInput<typeof showAppRevision>, { account }: CallContext) {
    const revision = Number(params.revision);
    return this.bus.request(reconciler.showInstanceRevision, { ...oneOf(params), revision }, account);
  }

  @Operation(diffAppRevision)
  diff({ params, query }: OperationInput<typeof diffAppRevision>, { account }: CallContext) {
    const revision = Number(params.revision);
    return this.bus.request(reconciler.diffInstanceRevision, { ...oneOf(params), revision, ...query }, account);
  }

  @PlannableOperation(rollBackApp, planAppRollback)
  rollBack({ params, query, body }: OperationInput<typeof rollBackApp>, call: CallContext) {
    return this.writes.send(reconciler.rollBackInstance, { ...oneOf(params), ...body, ...forced(query) }, call);
  }
}
