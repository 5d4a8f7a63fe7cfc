import type { z } from 'zod';
import type { ServiceName } from './service-name.js';

/** Whether a request concerns one account (its aid travels in a header) or the plane as a whole. */
export type Scope = 'tenant' | 'plane';

/**
 * A question one service answers, as a value: client, handler and NATS permissions derive from it.
 * Subjects read `<owner>.v1.<what>`; the version grows only when a message changes incompatibly.
 */
export interface RequestContract<
  In extends z.ZodType = z.ZodType,
  Out extends z.ZodType = z.ZodType,
  S extends Scope = Scope,
> {
  readonly kind: 'request';
  readonly subject: string;
  readonly owner: ServiceName;
  readonly callers: readonly ServiceName[];
  readonly scope: S;
  readonly input: In;
  readonly output: Out;
  /** How long a caller waits for the answer, ms. */
  readonly deadlineMs: number;
  /** May be asked again after a lost answer: the client retries within the deadline. */
  readonly idempotent: boolean;
}

/** Something that happened, told to whoever listens. */
export interface EventContract<Body extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly subject: string;
  readonly owner: ServiceName;
  readonly subscribers: readonly ServiceName[];
  readonly body: Body;
  /** `stored` goes through JetStream and waits for its listeners; `fleeting` reaches only who listens now. */
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** `each`: every replica of a listener hears it (caches); `one`: one replica per listening service does (work). */
  readonly receivers: 'every-replica' | 'one-replica';
}

/** What a handler of a request is given: its input, parsed. */
export type InputOf<C extends RequestContract> = z.output<C['input']>;

export const request = <In extends z.ZodType, Out extends z.ZodType, const S extends Scope>(
  definition: Omit<RequestContract<In, Out, S>, 'kind'>,
): RequestContract<In, Out, S> => ({ kind: 'request', ...definition });

export const event = <Body extends z.ZodType>(definition: Omit<EventContract<Body>, 'kind'>): EventContract<Body> => ({
  kind: 'event',
  ...definition,
});
