import { Controller, UseInterceptors } from '@nestjs/common';
import { type InputOf, reconciler } from '@runos/contracts';
import { type CallContext, Respond } from '@runos/messaging';
import { NewerNamesInterceptor } from '../revisions/newer-names.interceptor.js';
import { callerOf } from '../writes/preconditions.js';
import { ChangeEnvironment } from './change-environment.js';
import { ShowEnvironment } from './show-environment.js';

type Call = CallContext<'tenant'>;

@Controller()
@UseInterceptors(NewerNamesInterceptor)
export class EnvironmentController {
  constructor(
    private readonly changes: ChangeEnvironment,
    private readonly environments: ShowEnvironment,
  ) {}

  @Respond(reconciler.showVariables)
  variables(input: InputOf<typeof reconciler.showVariables>, { tenant }: Call) {
    return this.environments.variables(input, tenant);
  }

  @Respond(reconciler.showSecretVariables)
  secretVariables(input: InputOf<typeof reconciler.showSecretVariables>, { tenant }: Call) {
    return this.environments.secretVariables(input, tenant);
  }

  @Respond(reconciler.listSecretFiles)
  files(input: InputOf<typeof reconciler.listSecretFiles>, { tenant }: Call) {
    return this.environments.files(input, tenant);
  }

  @Respond(reconciler.showSecretFile)
  file(input: InputOf<typeof reconciler.showSecretFile>, { tenant }: Call) {
    return this.environments.file(input, tenant);
  }

  @Respond(reconciler.changeEnvironment)
  change(input: InputOf<typeof reconciler.changeEnvironment>, call: Call) {
    return this.changes.run(input, callerOf(call));
  }
}
