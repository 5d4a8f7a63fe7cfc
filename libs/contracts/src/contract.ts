import type { z } from 'zod';
import type { ServiceName } from './service-name.js';

/** Whether a request concerns one account (its aid travels in a header) or the plane as a whole. */
export type Scope = 'tenant' | 'plane';

/**
 * A request that one service replies to, as a value: client, handler and NATS permissions derive from it.
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
  /** The caller's timeout, ms. */
  readonly deadlineMs: number;
  /** The client may repeat it within the deadline, for example after a lost reply. */
  readonly idempotent: boolean;
}

/** An event that its owner publishes and other services subscribe to. */
export interface EventContract<Body extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly subject: string;
  readonly owner: ServiceName;
  readonly subscribers: readonly ServiceName[];
  readonly body: Body;
  /** `at-least-once`: JetStream, acknowledged and redelivered; `at-most-once`: core NATS, only to connected subscribers. */
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** Every replica of a subscribing service (caches), or one replica per service, a queue group (work). */
  readonly receivers: 'every-replica' | 'one-replica';
}

/** The parsed input of a request, as its handler receives it. */
export type InputOf<C extends RequestContract> = z.output<C['input']>;

export const request = <In extends z.ZodType, Out extends z.ZodType, const S extends Scope>(
  definition: Omit<RequestContract<In, Out, S>, 'kind'>,
): RequestContract<In, Out, S> => ({ kind: 'request', ...definition });

export const event = <Body extends z.ZodType>(definition: Omit<EventContract<Body>, 'kind'>): EventContract<Body> => ({
  kind: 'event',
  ...definition,
});
