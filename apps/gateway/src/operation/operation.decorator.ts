import { applyDecorators, createParamDecorator, RequestMapping, RequestMethod, Res, SetMetadata } from '@nestjs/common';
import { UseGuards, UseInterceptors } from '@nestjs/common';
import type { Operation as ApiOperation, OperationInput, OperationOutput } from '@runos/api';
import { Access } from '@runos/messaging';
import type { Readable } from 'node:stream';
import { Authenticate } from '../access/authenticate.guard.js';
import { CheckPath } from '../access/check-path.guard.js';
import { FindAccount } from '../access/find-account.guard.js';
import { LimitRate } from '../access/limit-rate.guard.js';
import { RequireLevel } from '../access/require-level.guard.js';
import type { Call } from './call.js';
import { type Prepared, ReadAndAnswer } from './read-and-answer.interceptor.js';
import { operationKey } from './operation-of.js';

/** What a handler may give back: the operation's output; a stream of server-sent events; nothing, answered with 204. */
type Answer<Op extends ApiOperation> = OperationOutput<Op> | Readable | undefined;

type Handler<Op extends ApiOperation> = (input: OperationInput<Op>, call: Call) => Promise<Answer<Op>> | Answer<Op>;

const InputOf = createParamDecorator((_, context) => context.switchToHttp().getRequest<Prepared>().input);
const CallOf = createParamDecorator((_, context) => context.switchToHttp().getRequest<Prepared>().call);

/**
 * The decorated method of a controller answers this operation: `(input, call) => answer`. Route, status, access and
 * validation come from the operation; the order of checks is the order of the guards.
 */
export const Operation =
  <Op extends ApiOperation>(operation: Op) =>
  <H extends Handler<Op>>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<H>): void => {
    applyDecorators(
      RequestMapping({ path: operation.path, method: RequestMethod[operation.method] }),
      SetMetadata(operationKey, operation),
      Access(operation.access),
      UseGuards(Authenticate, LimitRate, FindAccount, CheckPath, RequireLevel),
      UseInterceptors(ReadAndAnswer),
    )(target, key, descriptor);
    InputOf()(target, key, 0);
    CallOf()(target, key, 1);
    // Whoever injects the response answers by itself: the interceptor does.
    Res()(target, key, 2);
  };
