import { Controller } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { callerOf } from '../writes/preconditions.js';
import { RevisionHistory } from './revision-history.js';
import { RollBack } from './roll-back.js';

type Call = CallContext<'tenant'>;

@Controller()
export class RevisionsController {
  constructor(
    private readonly history: RevisionHistory,
    private readonly rollbacks: RollBack,
  ) {}

  @Respond(reconciler.listInstanceRevisions)
  list(input: InputOf<typeof reconciler.listInstanceRevisions>, { tenant }: Call) {
    return this.history.list(input, tenant);
  }

  @Respond(reconciler.showInstanceRevision)
  show(input: InputOf<typeof reconciler.showInstanceRevision>, { tenant }: Call) {
    return this.history.show(input, tenant);
  }

  @Respond(reconciler.diffInstanceRevision)
  diff(input: InputOf<typeof reconciler.diffInstanceRevision>, { tenant }: Call) {
    return this.history.diff(input, tenant);
  }

  @Respond(reconciler.rollBackInstance)
  rollBack(input: InputOf<typeof reconciler.rollBackInstance>, call: Call) {
    return this.rollbacks.run(input, callerOf(call));
  }
}
