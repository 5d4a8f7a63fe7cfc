import type { EventContract, RequestContract } from './contract.js';
import type { ServiceName } from './service-name.js';
import { consumerOf, isPlainSubscription, streamOf } from './streams.js';

/** NATS subjects one user may publish to and subscribe to. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** May answer what it is requested, on the subject the question names. */
  readonly responds: boolean;
}

/** Where the answers to one service's questions arrive; no other service may listen there. */
export const inboxOf = (service: ServiceName): string => `_INBOX.${service}`;

/** Subjects beside the contracts: those that are only known while running (a session of an agent). */
export const dynamicSubjects: Partial<Record<ServiceName, Omit<Permissions, 'responds'>>> = {
  'agent-gateway': { publish: ['agent-gateway.session.*'], subscribe: ['agent-gateway.session.*'] },
};

/** The narrowest subjects with which a service can do what the contracts say of it, and nothing else. */
export function permissionsOf(
  service: ServiceName,
  contracts: readonly (RequestContract | EventContract)[],
): Permissions {
  const owned = contracts.filter(({ owner }) => owner === service);
  const requested = contracts.filter((contract) => contract.kind === 'request' && contract.callers.includes(service));
  const events = contracts.filter((contract) => contract.kind === 'event');
  const subscribed = events.filter(({ subscribers }) => subscribers.includes(service));
  const publishes = owned.filter(({ kind }) => kind === 'event');
  const answered = owned.filter(({ kind }) => kind === 'request');
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
      ...subjects(answered),
      ...subjects(subscribed.filter(isPlainSubscription)),
      ...extra.subscribe,
    ],
    responds: answered.length > 0 || extra.subscribe.length > 0,
  };
}

const streamApi = (owner: ServiceName): string[] =>
  ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${streamOf(owner)}`);

function consumerApi(listener: ServiceName, contract: EventContract): string[] {
  const consumer = `${streamOf(contract.owner)}.${consumerOf(listener, contract)}`;
  return [
    `$JS.API.CONSUMER.CREATE.${consumer}.${contract.subject}`,
    `$JS.API.CONSUMER.INFO.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${consumer}`,
    `$JS.ACK.${consumer}.>`,
  ];
}
