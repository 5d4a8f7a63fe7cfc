import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeOverrides } from './change-overrides.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class OverridesController {
  constructor(private readonly overrides: ChangeOverrides) {}

  @Respond(reconciler.listOverrides)
  list(input: InputOf<typeof reconciler.listOverrides>, { tenant }: Call) {
    return this.overrides.list(input, tenant);
  }

  @Respond(reconciler.createOverride)
  create(input: InputOf<typeof reconciler.createOverride>, call: Call) {
    return this.overrides.create(input, callerOf(call));
  }

  @Respond(reconciler.updateOverride)
  update(input: InputOf<typeof reconciler.updateOverride>, call: Call) {
    return this.overrides.update(input, callerOf(call));
  }

  @Respond(reconciler.deleteOverride)
  delete(input: InputOf<typeof reconciler.deleteOverride>, call: Call) {
    return this.overrides.delete(input, callerOf(call));
  }
}
