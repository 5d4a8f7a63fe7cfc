import type { EventContract } from './contract.js';
import type { ServiceName } from './service-name.js';

/** The JetStream stream of the stored events of one owner. */
export const streamOf = (owner: ServiceName): string => `EVENTS_${owner.replaceAll('-', '_').toUpperCase()}`;

/** The durable consumer of one listening service for one stored event. */
export const consumerOf = (listener: ServiceName, contract: EventContract): string =>
  `${listener}__${contract.subject.replaceAll('.', '_')}`;

/** Whether every replica hears it, as it happens: then it is a plain subscription and nothing waits. */
export const isPlainSubscription = (contract: EventContract): boolean =>
  contract.delivery === 'at-most-once' || contract.receivers === 'every-replica';
