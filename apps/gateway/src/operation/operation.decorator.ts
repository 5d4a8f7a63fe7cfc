import {
  applyDecorators,
  createParamDecorator,
  RequestMapping,
  RequestMethod,
  Res,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { Operation as ApiOperation, OperationInput, OperationOutput } from '@runos/api';
import { Access } from '@runos/messaging';
import { AuthenticationGuard } from '../access/authentication.js';
import { AccountGuard, LevelGuard, PathParametersGuard } from '../access/authorization.js';
import { RateLimitGuard } from '../access/rate-limit.guard.js';
import type { CallContext } from './call-context.js';
import type { FollowedResponse } from './followed-response.js';
import { type ParsedRequest, OperationInterceptor } from './operation.interceptor.js';
import { operationKey } from '../http/gateway-request.js';
import type { VersionedBody } from './versioned-body.js';

/** A handler returns the operation's output, a response that goes on, or nothing, which is answered with 204. */
type HandlerResult<Op extends ApiOperation> =
  OperationOutput<Op> | VersionedBody<OperationOutput<Op>> | FollowedResponse | undefined;

type Handler<Op extends ApiOperation, Other = never> = (
  input: OperationInput<Op>,
  call: CallContext,
) => Promise<HandlerResult<Op> | Other> | HandlerResult<Op> | Other;

const InputOf = createParamDecorator((_, context) => context.switchToHttp().getRequest<ParsedRequest>().input);
const CallOf = createParamDecorator((_, context) => context.switchToHttp().getRequest<ParsedRequest>().call);

/**
 * The decorated method of a controller handles this operation: `(input, call) => result`. Route, status, access and
 * validation come from the operation; the order of checks is the order of the guards.
 */
export const Operation =
  <Op extends ApiOperation>(operation: Op) =>
  <H extends Handler<Op>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<H>): void =>
    handle(operation, target, key, descriptor);

/**
 * The decorated method handles a write and its plan: `call.isPlan` distinguishes them, and `PlannableWrites` reads it.
 * @throws Error for a plan of another write
 */
export const PlannableOperation =
  <Op extends ApiOperation, Plan extends ApiOperation>(write: Op, plan: Plan) =>
  <H extends Handler<Op, OperationOutput<Plan>>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<H>,
  ): void => {
    if (plan.plans !== write.id) throw new Error(`${plan.id} is not the plan of ${write.id}`);
    const { value: handler } = descriptor;
    if (handler === undefined) throw new Error(`${write.id} has no handler`);
    // Nest reads one route of each method, so the plan needs a method of its own.
    const planKey = `${key}Plan`;
    const planDescriptor = {
      value(this: unknown, ...args: Parameters<H>): unknown {
        return handler.apply(this, args);
      },
      configurable: true,
      writable: true,
    };
    Object.defineProperty(target, planKey, planDescriptor);
    handle(write, target, key, descriptor);
    handle(plan, target, planKey, planDescriptor);
  };

function handle(operation: ApiOperation, target: object, key: string | symbol, descriptor: PropertyDescriptor): void {
  applyDecorators(
    RequestMapping({ path: operation.path, method: RequestMethod[operation.method] }),
    SetMetadata(operationKey, operation),
    Access(operation.access),
    UseGuards(AuthenticationGuard, RateLimitGuard, AccountGuard, PathParametersGuard, LevelGuard),
    UseInterceptors(OperationInterceptor),
  )(target, key, descriptor);
  InputOf()(target, key, 0);
  CallOf()(target, key, 1);
  // Injecting the response makes Nest leave the response to the interceptor.
  Res()(target, key, 2);
}
