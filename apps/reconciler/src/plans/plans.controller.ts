import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { PlanWrites } from './plan-writes.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class PlansController {
  constructor(private readonly plans: PlanWrites) {}

  @Respond(reconciler.planInstanceCreation)
  planCreation(input: InputOf<typeof reconciler.planInstanceCreation>, { tenant }: Call) {
    return this.plans.creation(input, tenant);
  }

  @Respond(reconciler.planInstanceUpdate)
  planUpdate(input: InputOf<typeof reconciler.planInstanceUpdate>, { tenant }: Call) {
    return this.plans.update(input, tenant);
  }
}
