import type { EventContract } from './contract.js';
import type { ServiceName } from './service-name.js';

/** The JetStream stream of an owner's at-least-once events. */
export const streamOf = (owner: ServiceName): string => `EVENTS_${owner.replaceAll('-', '_').toUpperCase()}`;

/** The durable consumer of one subscribing service for one event. */
export const consumerOf = (subscriber: ServiceName, contract: EventContract): string =>
  `${subscriber}__${contract.subject.replaceAll('.', '_')}`;

/** Whether the event uses a plain NATS subscription instead of a durable consumer. */
export const isPlainSubscription = (contract: EventContract): boolean =>
  contract.delivery === 'at-most-once' || contract.receivers === 'every-replica';
