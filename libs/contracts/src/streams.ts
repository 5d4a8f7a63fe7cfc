import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { EventContract, ServiceName } from './contract.js';

/** The JetStream stream of an owner's at-least-once events. */
export const streamOf = (owner: ServiceName): string => `EVENTS_${owner.replaceAll('-', '_').toUpperCase()}`;

/** The durable consumer of one subscriber for one at-least-once event. */
export const consumerOf = (subscriber: ServiceName, contract: EventContract): string =>
  `${subscriber}__${contract.subject.replaceAll('.', '_')}`;

/** Whether a stream stores the event until it is acknowledged. */
export const isStored = (contract: EventContract): boolean => contract.delivery === 'at-least-once';

/** The durable consumer of one subscriber for one event, and the names that JetStream has for it. */
export interface DurableConsumerName {
  readonly subscriber: ServiceName;
  readonly event: EventContract;
  readonly stream: string;
  readonly consumer: string;
}

/** The durable consumers of one event, one per subscriber; none for an event that plain subscriptions receive. */
export const consumersOf = (event: EventContract): DurableConsumerName[] =>
  isPlainSubscription(event)
    ? []
    : event.subscribers.map((subscriber) => ({
        subscriber,
        event,
        stream: streamOf(event.owner),
        consumer: consumerOf(subscriber, event),
      }));

/** Whether a core NATS subscription receives the event, because no replica needs missed messages. */
export const isPlainSubscription = (contract: EventContract): boolean =>
  contract.delivery === 'at-most-once' || contract.receivers === 'every-replica';

/** An at-least-once event before publication, as stored in an outbox row. The stream drops duplicates by `id`. */
export interface StoredMessage {
  readonly id: string;
  readonly subject: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Creates the message of an event. `headers` contain tenant, actor and trace context. */
export const storedMessage = <Body extends z.ZodType>(
  contract: EventContract<Body>,
  body: z.input<Body>,
  headers: Readonly<Record<string, string>> = {},
): StoredMessage => ({ id: randomUUID(), subject: contract.subject, body, headers });
