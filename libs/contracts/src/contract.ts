import { Role } from '@runos/api';
import { z } from 'zod';

/** The services of the control plane, and `operator` for administration tools (accounts, checks). */
export const serviceNames = [
  'gateway',
  'identity',
  'catalog',
  'config-sets',
  'jobs',
  'reconciler',
  'agent-gateway',
  'operator',
] as const;

export type ServiceName = (typeof serviceNames)[number];

/** A `tenant` request concerns one account, whose aid is a message header; a `plane` request has no account. */
export type Scope = 'tenant' | 'plane';

/**
 * A request that one service responds to. Client, handler and NATS permissions derive from it. Subjects have the form
 * `<owner>.v1.<name>`; only an incompatible change of a message raises the version.
 */
export interface RequestContract<
  In extends z.ZodType = z.ZodType,
  Out extends z.ZodType = z.ZodType,
  S extends Scope = Scope,
> {
  readonly kind: 'request';
  readonly subject: string;
  /** The responding service. */
  readonly owner: ServiceName;
  /** The services that may send the request. */
  readonly callers: readonly ServiceName[];
  readonly scope: S;
  readonly input: In;
  readonly output: Out;
  /** Maximum time until the reply, ms. */
  readonly deadlineMs: number;
  /** Whether the client repeats the request within the deadline when the reply is missing. */
  readonly idempotent: boolean;
}

/** An event that one service publishes. Stream, consumers and NATS permissions derive from it. */
export interface EventContract<Body extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly subject: string;
  /** The publishing service. */
  readonly owner: ServiceName;
  readonly subscribers: readonly ServiceName[];
  readonly body: Body;
  /** `at-least-once`: stored in JetStream until acknowledged. `at-most-once`: reaches current subscriptions only. */
  readonly delivery: 'at-least-once' | 'at-most-once';
  /** `every-replica` of a subscriber, to invalidate caches, or `one-replica` of each subscriber, to do work. */
  readonly receivers: 'every-replica' | 'one-replica';
}

/** The parsed input that a handler receives. */
export type InputOf<C extends RequestContract> = z.output<C['input']>;
/** The reply that a handler returns. */
export type OutputOf<C extends RequestContract> = z.output<C['output']>;

/** A request between services with its reply. */
export const request = <In extends z.ZodType, Out extends z.ZodType, const S extends Scope>(
  definition: Omit<RequestContract<In, Out, S>, 'kind'>,
): RequestContract<In, Out, S> => ({ kind: 'request', ...definition });

/** An event that a service publishes. */
export const event = <Body extends z.ZodType>(definition: Omit<EventContract<Body>, 'kind'>): EventContract<Body> => ({
  kind: 'event',
  ...definition,
});

/** The originator of a request, stored in revisions and the audit log. Sent as a message header. */
export const Actor = z.object({
  kind: z.enum(['user', 'pat', 'agent', 'system']),
  /** User id, key id, nid or service name. */
  id: z.string(),
  /** Display name: an e-mail address or the name of a key. */
  name: z.string(),
  role: Role.optional(),
});
export type Actor = z.infer<typeof Actor>;

/** The idempotency of a write: a repeated key with the same hash and caller gets the stored response. */
export const Idempotency = z.object({
  key: z.string().max(64),
  /** Hash of operation and body. All versions compute it alike, because they compare the stored hashes of each other. */
  requestHash: z.string(),
  /** Identifies the caller. Older gateways do not send it. */
  caller: z.string().max(128).optional(),
});
export type Idempotency = z.infer<typeof Idempotency>;

/** The generation that must be current, or several of which one must be. Older services refuse several. */
const IfGeneration = z.union([z.int(), z.array(z.int()).min(1).max(20)]);
export type IfGeneration = z.infer<typeof IfGeneration>;

/** Common to all writes: idempotency, and the expected generation of a versioned resource (`If-Match`). */
export const WriteOptions = {
  idempotency: Idempotency.optional(),
  ifGeneration: IfGeneration.optional(),
};
