import type { EventContract, RequestContract, ServiceName } from './contract.js';
import { consumerOf, isPlainSubscription, streamOf } from './streams.js';

/** The NATS permissions of one user: allowed subjects, with wildcards. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** Whether the user may publish to the reply subject of a received request (`allow_responses`). */
  readonly allowResponses: boolean;
}

/** Inbox prefix for the replies to one service's requests; no other service may subscribe to it. */
export const inboxOf = (service: ServiceName): string => `_INBOX.${service}`;

/** Subjects that exist only at run time, such as one per agent session. */
export const dynamicSubjects: Partial<Record<ServiceName, Omit<Permissions, 'allowResponses'>>> = {
  'agent-gateway': { publish: ['agent-gateway.session.*'], subscribe: ['agent-gateway.session.*'] },
};

/**
 * The minimal permissions of one service: requests it sends and responds to, events it publishes and subscribes to, its
 * own stream and its durable consumers. NATS denies everything else.
 */
export function permissionsOf(
  service: ServiceName,
  contracts: readonly (RequestContract | EventContract)[],
): Permissions {
  const owned = contracts.filter(({ owner }) => owner === service);
  const requested = contracts.filter((contract) => contract.kind === 'request' && contract.callers.includes(service));
  const events = contracts.filter((contract) => contract.kind === 'event');
  const subscribed = events.filter(({ subscribers }) => subscribers.includes(service));
  const published = owned.filter(({ kind }) => kind === 'event');
  const responded = owned.filter(({ kind }) => kind === 'request');
  const dynamic = dynamicSubjects[service] ?? { publish: [], subscribe: [] };
  const ownsStream = events.some(({ owner, delivery }) => owner === service && delivery === 'at-least-once');
  const subjects = (list: readonly { subject: string }[]) => list.map(({ subject }) => subject);
  return {
    publish: [
      ...subjects(requested),
      ...subjects(published),
      ...(ownsStream ? streamApi(service) : []),
      ...subscribed
        .filter((contract) => !isPlainSubscription(contract))
        .flatMap((contract) => consumerApi(service, contract)),
      ...dynamic.publish,
    ],
    subscribe: [
      `${inboxOf(service)}.>`,
      ...subjects(responded),
      ...subjects(subscribed.filter(isPlainSubscription)),
      ...dynamic.subscribe,
    ],
    allowResponses: responded.length > 0 || dynamic.subscribe.length > 0,
  };
}

/** JetStream API subjects to create, update and inspect the stream of an owner. */
const streamApi = (owner: ServiceName): string[] =>
  ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${streamOf(owner)}`);

/** JetStream API subjects to create, inspect, fetch from and acknowledge one durable consumer. */
function consumerApi(subscriber: ServiceName, contract: EventContract): string[] {
  const consumer = `${streamOf(contract.owner)}.${consumerOf(subscriber, contract)}`;
  return [
    `$JS.API.CONSUMER.CREATE.${consumer}.${contract.subject}`,
    `$JS.API.CONSUMER.INFO.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
    `$JS.ACK.${consumer}.>`,
  ];
}
