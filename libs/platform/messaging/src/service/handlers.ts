import { applyDecorators, Catch, type ExceptionFilter, SetMetadata, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, type MessageHandler, MessagePattern, Payload } from '@nestjs/microservices';
import { type EventContract, isPlainSubscription, type RequestContract, type Scope } from '@runos/contracts';
import { isObservable, lastValueFrom, type Observable, throwError } from 'rxjs';
import type { z } from 'zod';
import { type CallContext, runInCall } from '../requests/call-context.js';

const accessKey = 'runos:access';

/** Declares the callers of a handler. Every handler needs it or a decorator that implies it (a lint rule). */
export const Access = (who: string): MethodDecorator & ClassDecorator => SetMetadata(accessKey, who);

/** Passes errors to the transport, which decides what crosses the process boundary. */
@Catch()
class TransportErrorFilter implements ExceptionFilter {
  catch = (error: unknown): Observable<never> => throwError(() => error);
}

type Handler<Input, Output, S extends Scope = Scope> = (
  input: Input,
  context: CallContext<S>,
) => Promise<Output> | Output;

type HandlerDecorator<Input, Output, S extends Scope = Scope> = <H extends Handler<Input, Output, S>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<H>,
) => void;

/**
 * The decorated method replies to this request: `(input, context) => reply`. The input is validated by the contract's
 * schema. A thrown Fault reaches the caller; any other error is logged here and becomes `internal` there.
 */
export const Respond = <In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
  contract: RequestContract<In, Out, S>,
): HandlerDecorator<z.output<In>, z.output<Out>, S> =>
  handler(MessagePattern(contract.subject, { contract }), contract.callers.join(', '));

/**
 * The decorated method handles this event: `(body, context)`. An at-least-once event is acknowledged when it returns and
 * redelivered after a growing delay when it throws, so the method must be idempotent.
 */
export const Subscribe = <Body extends z.ZodType>(
  contract: EventContract<Body>,
): HandlerDecorator<z.output<Body>, void> =>
  handler(EventPattern<string>(contract.subject, { contract }), contract.owner);

/** An event with its tenant, as `SubscribeBatch` passes it. */
export interface ReceivedEvent<Body> {
  readonly body: Body;
  readonly tenant: string | undefined;
}

/**
 * As `Subscribe`, for a frequent at-least-once event: the method receives the pending events in order, at most `size`. When
 * it throws, each event is processed alone, so that one bad event does not block the others.
 * @throws Error for an event that is delivered at most once
 */
export function SubscribeBatch<Body extends z.ZodType>(
  contract: EventContract<Body>,
  size: number,
): HandlerDecorator<readonly ReceivedEvent<z.output<Body>>[], void> {
  if (isPlainSubscription(contract))
    throw new Error(`${contract.subject} is delivered at most once and cannot be batched`);
  return handler(EventPattern<string>(contract.subject, { contract, batch: size }), contract.owner);
}

function handler(pattern: MethodDecorator, who: string): MethodDecorator {
  const onMethod = applyDecorators(pattern, Access(who), UseFilters(TransportErrorFilter));
  return (target, key, descriptor) => {
    onMethod(target, key, descriptor);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
  };
}

/** Runs a Nest handler, and handlers chained to it for the same event, to completion. */
export function runHandler(handler: MessageHandler, input: unknown, call: CallContext): Promise<unknown> {
  return runInCall(call, async () => {
    const result: unknown = await (handler(input, call) as unknown);
    return isObservable(result) ? lastValueFrom(result, { defaultValue: undefined }) : result;
  });
}
