import { Controller } from '@nestjs/common';
import {
  changeEnvironment,
  changeSecretFiles,
  listSecretFiles,
  type OperationInput,
  planEnvironment,
  planSecretFiles,
  planSecretVariables,
  planVariables,
  setSecretVariables,
  setVariables,
  showSecretFile,
  showSecretVariables,
  showVariables,
} from '@runos/api';
import { type InputOf, reconciler } from '@runos/contracts';
import { Fault, faultOf } from '@runos/kernel';
import { Bus } from '@runos/messaging';
import { z } from 'zod';
import type { CallContext } from '../operation/call-context.js';
import { Operation, PlannableOperation } from '../operation/operation.decorator.js';
import { VersionedBody } from '../operation/versioned-body.js';
import { PlannableWrites } from '../plans/plannable-writes.js';

type Change = InputOf<typeof reconciler.changeEnvironment>['change'];
type Name = OperationInput<typeof setVariables>['params'];

/** The variables and secret files of apps. */
@Controller()
export class EnvironmentController {
  constructor(
    private readonly bus: Bus,
    private readonly writes: PlannableWrites,
  ) {}

  @Operation(showVariables)
  showVariables({ params: { cid, id } }: OperationInput<typeof showVariables>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.showVariables, { cid, id }, account));
  }

  @PlannableOperation(setVariables, planVariables)
  setVariables({ params, body: { envVars, allowDrop } }: OperationInput<typeof setVariables>, call: CallContext) {
    return this.#change(params, { envVars, allowEmpty: allowDrop }, call);
  }

  @Operation(showSecretVariables)
  showSecret({ params: { cid, id } }: OperationInput<typeof showSecretVariables>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.showSecretVariables, { cid, id }, account));
  }

  @PlannableOperation(setSecretVariables, planSecretVariables)
  async setSecret(
    { params, body: { envVars, allowDrop } }: OperationInput<typeof setSecretVariables>,
    call: CallContext,
  ) {
    try {
      return await this.#change(params, { secretEnvVars: envVars, allowDrop }, call);
    } catch (error) {
      throw withOwnPaths(error);
    }
  }

  /** An empty map is meant here, because an absent one would change nothing. */
  @PlannableOperation(changeEnvironment, planEnvironment)
  change({ params, body }: OperationInput<typeof changeEnvironment>, call: CallContext) {
    return this.#change(params, { ...body, allowEmpty: true }, call);
  }

  @Operation(listSecretFiles)
  listFiles({ params: { cid, id } }: OperationInput<typeof listSecretFiles>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.listSecretFiles, { cid, id }, account));
  }

  @Operation(showSecretFile)
  showFile({ params: { cid, id, filename } }: OperationInput<typeof showSecretFile>, { account }: CallContext) {
    return VersionedBody.of(this.bus.request(reconciler.showSecretFile, { cid, id, filename }, account));
  }

  @PlannableOperation(changeSecretFiles, planSecretFiles)
  changeFiles({ params, body }: OperationInput<typeof changeSecretFiles>, call: CallContext) {
    return this.#change(params, body, call);
  }

  #change({ cid, id }: Name, change: Change, call: CallContext) {
    return this.writes.send(reconciler.changeEnvironment, { cid, id, change }, call);
  }
}

const Issues = z.array(z.object({ path: z.string(), message: z.string() }));

/** The issues with the paths of this body: the service behind it knows the variables as `secretEnvVars`. */
function withOwnPaths(error: unknown): unknown {
  const fault = faultOf(error);
  const issues = Issues.safeParse(fault?.details['issues']);
  if (fault === undefined || !issues.success) return error;
  const own = issues.data.map(({ path, message }) => ({
    path: path.replace(/^secretEnvVars(?=\.|$)/, 'envVars'),
    message,
  }));
  return new Fault(fault.code, fault.message, { ...fault.details, issues: own });
}
