import type { EventContract, RequestContract, ServiceName } from './contract.js';
import { consumersOf, type DurableConsumerName, isPlainSubscription, isStored, streamOf } from './streams.js';

/** The NATS permissions of one user: allowed subjects, with wildcards. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** The part of `publish` that JetStream serves, in an account of its own. */
  readonly jetStream: readonly string[];
}

/** The user that creates the streams and consumers of all services, which may not do so themselves. */
export const streamsUser = 'streams';

/** A user of NATS. */
export type NatsUserName = ServiceName | typeof streamsUser;

/** Inbox prefix for the replies to one user's requests; no other user may subscribe to it. */
export const inboxOf = (user: NatsUserName): string => `_INBOX.${user}`;

/** Subjects that exist only at run time, such as one per agent session, to which the replicas of a service reply. */
const dynamicSubjects: Partial<Record<ServiceName, Pick<Permissions, 'publish' | 'subscribe'>>> = {
  'agent-gateway': {
    publish: ['agent-gateway.session.*', `${inboxOf('agent-gateway')}.>`],
    subscribe: ['agent-gateway.session.*'],
  },
};

type Contracts = readonly (RequestContract | EventContract)[];

/**
 * The minimal permissions of one service. It sends requests, replies to the callers of its contracts, publishes and
 * subscribes to events, and reads its own stream and durable consumers. NATS denies everything else.
 */
export function permissionsOf(service: ServiceName, contracts: Contracts): Permissions {
  const owned = contracts.filter(({ owner }) => owner === service);
  const requested = contracts.filter((contract) => contract.kind === 'request' && contract.callers.includes(service));
  const subscribed = eventsOf(contracts).filter(({ subscribers }) => subscribers.includes(service));
  const published = eventsOf(owned);
  const responded = owned.filter((contract) => contract.kind === 'request');
  const callers = [...new Set(responded.flatMap((contract) => contract.callers))];
  const dynamic = dynamicSubjects[service] ?? { publish: [], subscribe: [] };
  const jetStream = [
    ...subjectsOf(published.filter(isStored)),
    ...(published.some(isStored) ? [`$JS.API.STREAM.INFO.${streamOf(service)}`] : []),
    ...subscribed
      .flatMap(consumersOf)
      .filter(({ subscriber }) => subscriber === service)
      .flatMap(consumptionOf),
  ];
  return {
    publish: [
      ...subjectsOf(requested),
      ...subjectsOf(published.filter((event) => !isStored(event))),
      ...jetStream,
      ...callers.map((caller) => `${inboxOf(caller)}.>`),
      ...dynamic.publish,
    ],
    subscribe: [
      `${inboxOf(service)}.>`,
      ...subjectsOf(responded),
      ...subjectsOf(subscribed.filter(isPlainSubscription)),
      ...dynamic.subscribe,
    ],
    jetStream,
  };
}

/** The permissions of the user that creates streams and consumers; it may delete nothing and read no message. */
export function streamsPermissions(contracts: Contracts): Permissions {
  const stored = eventsOf(contracts).filter(isStored);
  const streams = [...new Set(stored.map(({ owner }) => streamOf(owner)))];
  return {
    publish: [
      ...streams.flatMap((stream) => ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`)),
      ...stored.flatMap((event) => consumersOf(event).flatMap(consumerDeclarationOf)),
    ],
    subscribe: [`${inboxOf(streamsUser)}.>`],
    jetStream: [],
  };
}

const eventsOf = (contracts: Contracts): EventContract[] => contracts.filter((contract) => contract.kind === 'event');

const subjectsOf = (list: readonly { subject: string }[]): string[] => list.map(({ subject }) => subject);

/** JetStream API subjects to create, update and inspect a durable consumer. */
const consumerDeclarationOf = ({ stream, consumer, event }: DurableConsumerName): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${event.subject}`,
  `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
];

/** JetStream API subjects to inspect, fetch from and acknowledge a durable consumer. */
const consumptionOf = ({ stream, consumer }: DurableConsumerName): string[] => [
  `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  `$JS.ACK.${stream}.${consumer}.>`,
];
