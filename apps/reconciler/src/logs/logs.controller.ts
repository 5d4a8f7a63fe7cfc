import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { AuthorizeLogs } from './authorize-logs.js';

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class LogsController {
  constructor(private readonly authorization: AuthorizeLogs) {}

  @Respond(reconciler.authorizeLogs)
  authorize(input: InputOf<typeof reconciler.authorizeLogs>, { tenant }: CallContext<'tenant'>) {
    return this.authorization.run(input, tenant);
  }
}
