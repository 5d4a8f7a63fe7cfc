import { applyDecorators, Catch, type ExceptionFilter, SetMetadata, UseFilters } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { type EventContract, isPlainSubscription, type RequestContract, type Scope } from '@runos/contracts';
import { type Observable, throwError } from 'rxjs';
import type { z } from 'zod';
import type { CallContext } from './call-context.js';

const accessKey = 'runos:access';

/** Says who may use a handler; every handler wears it, or a decorator that implies it. */
export const Access = (who: string): MethodDecorator & ClassDecorator => SetMetadata(accessKey, who);

/** Errors go to the transport as they are: it knows what may cross. */
@Catch()
class ToTransport implements ExceptionFilter {
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
 * The decorated method of a controller answers this request: `(input, context) => answer`. The input has passed the
 * contract's schema; a Fault it throws reaches the caller, anything else is logged here and `internal` there.
 */
export const Respond = <In extends z.ZodType, Out extends z.ZodType, S extends Scope>(
  contract: RequestContract<In, Out, S>,
): HandlerDecorator<z.output<In>, z.output<Out>, S> =>
  handler(MessagePattern(contract.subject, { contract }), contract.callers.join(', '));

/**
 * The decorated method hears this event: `(body, context)`. A stored event counts as heard when it returns, and comes
 * again after a growing delay when it throws; so it must be idempotent.
 */
export const Subscribe = <Body extends z.ZodType>(
  contract: EventContract<Body>,
): HandlerDecorator<z.output<Body>, void> =>
  handler(EventPattern<string>(contract.subject, { contract }), contract.owner);

/** An event with who and for whom, as `HearsBatch` hands it over. */
export interface ReceivedEvent<Body> {
  readonly body: Body;
  readonly tenant: string | undefined;
}

/**
 * As `Hears`, for a stored event that comes often: the method is given what has arrived, in order, up to `size` at once.
 * When it throws, each is given again by itself, so that one bad event holds up no other.
 */
export function SubscribeBatch<Body extends z.ZodType>(
  contract: EventContract<Body>,
  size: number,
): HandlerDecorator<readonly ReceivedEvent<z.output<Body>>[], void> {
  if (isPlainSubscription(contract))
    throw new Error(`${contract.subject} is heard as it happens: there is no batch of it`);
  return handler(EventPattern<string>(contract.subject, { contract, batch: size }), contract.owner);
}

function handler(pattern: MethodDecorator, who: string): MethodDecorator {
  const onMethod = applyDecorators(pattern, Access(who), UseFilters(ToTransport));
  return (target, key, descriptor) => {
    onMethod(target, key, descriptor);
    Payload()(target, key, 0);
    Ctx()(target, key, 1);
  };
}
