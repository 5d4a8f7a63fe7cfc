import type { EventContract, RequestContract } from './contract.js';
import type { ServiceName } from './service-name.js';
import { consumerOf, isPlainSubscription, streamOf } from './streams.js';

/** NATS subjects one user may publish to and subscribe to. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May reply to requests on their reply subject. */
  readonly responds: boolean;
}

/** The inbox prefix of a service's replies; no other service may subscribe to it. */
export const inboxOf = (service: ServiceName): string => `_INBOX.${service}`;

/** Subjects beside the contracts, which contain run-time ids (the session of an agent). */
export const dynamicSubjects: Partial<Record<ServiceName, Omit<Permissions, 'responds'>>> = {
  'agent-gateway': { publish: ['agent-gateway.session.*'], subscribe: ['agent-gateway.session.*'] },
};

/** The narrowest permissions with which a service can fulfil its contracts. */
export function permissionsOf(
  service: ServiceName,
  contracts: readonly (RequestContract | EventContract)[],
): Permissions {
  const owned = contracts.filter(({ owner }) => owner === service);
  const requested = contracts.filter((contract) => contract.kind === 'request' && contract.callers.includes(service));
  const events = contracts.filter((contract) => contract.kind === 'event');
  const subscribed = events.filter(({ subscribers }) => subscribers.includes(service));
  const publishes = owned.filter(({ kind }) => kind === 'event');
  const replies = owned.filter(({ kind }) => kind === 'request');
  const extra = dynamicSubjects[service] ?? { publish: [], subscribe: [] };
  const stores = events.some(({ owner, delivery }) => owner === service && delivery === 'at-least-once');
  const subjects = (list: readonly { subject: string }[]) => list.map(({ subject }) => subject);
  return {
    publish: [
      ...subjects(requested),
      ...subjects(publishes),
      ...(stores ? streamApi(service) : []),
      ...subscribed
        .filter((contract) => !isPlainSubscription(contract))
        .flatMap((contract) => consumerApi(service, contract)),
      ...extra.publish,
    ],
    subscribe: [
      `${inboxOf(service)}.>`,
      ...subjects(replies),
      ...subjects(subscribed.filter(isPlainSubscription)),
      ...extra.subscribe,
    ],
    responds: replies.length > 0 || extra.subscribe.length > 0,
  };
}

const streamApi = (owner: ServiceName): string[] =>
  ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${streamOf(owner)}`);

function consumerApi(subscriber: ServiceName, contract: EventContract): string[] {
  const consumer = `${streamOf(contract.owner)}.${consumerOf(subscriber, contract)}`;
  return [
    `$JS.API.CONSUMER.CREATE.${consumer}.${contract.subject}`,
    `$JS.API.CONSUMER.INFO.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
    `$JS.ACK.${consumer}.>`,
  ];
}
