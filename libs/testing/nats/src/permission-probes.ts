import {
  consumersOf,
  contracts,
  isPlainSubscription,
  isStored,
  type NatsUserName,
  type ServiceName,
  serviceNames,
  streamOf,
  streamsUser,
} from '@runos/contracts';

/** One subject that a user tries to publish or to subscribe to. */
export interface PermissionProbe {
  readonly verb: 'Publish' | 'Subscription';
  readonly subject: string;
  /** Derived from the contracts alone, without the code that configures the server. */
  readonly allowed: boolean;
}

/** Subjects that no service may use, in spellings of an attacker. */
const foreign = [
  '$JS.API.INFO',
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.NAMES',
  '$JS.API.STREAM.CREATE.OWN',
  '$JS.API.DIRECT.GET.EVENTS_RECONCILER',
  '$JS.API.META.LEADER.STEPDOWN',
  '$JS.API.SERVER.REMOVE',
  '$JS.API.ACCOUNT.PURGE.STREAMS',
  '$JS.ACK.EVENTS_RECONCILER.other.1',
  '$JS.FC.EVENTS_RECONCILER.other.1',
  '_R_.x',
  '$JS.API.CONSUMER.LIST.EVENTS_RECONCILER',
  '$SYS.REQ.SERVER.PING',
  '$SYS.>',
  '>',
  '*',
  '*.v1.>',
  '_INBOX.>',
  '_INBOX.*.>',
];

const mayPublish = (user: NatsUserName, subject: string): boolean =>
  contracts.some(
    (each) =>
      each.subject === subject &&
      (each.kind === 'event' ? each.owner === user : each.callers.some((caller) => caller === user)),
  );
const maySubscribe = (user: NatsUserName, subject: string): boolean =>
  contracts.some(
    (each) =>
      each.subject === subject &&
      (each.kind === 'request'
        ? each.owner === user
        : isPlainSubscription(each) && each.subscribers.some((subscriber) => subscriber === user)),
  );
/** Whether the user responds to a request of the caller, or the two are replicas of one service with sessions. */
const mayReply = (user: NatsUserName, caller: ServiceName): boolean =>
  (user === 'agent-gateway' && caller === user) ||
  contracts.some((each) => each.kind === 'request' && each.owner === user && each.callers.includes(caller));

/** Every verb of the JetStream API that concerns a stream, or one of its consumers. */
const streamVerbs =
  'CREATE UPDATE INFO DELETE PURGE MSG.GET MSG.DELETE SNAPSHOT RESTORE PEER.REMOVE LEADER.STEPDOWN CANCEL_MOVE';
const consumerVerbs = 'CREATE DURABLE.CREATE INFO DELETE PAUSE RESET UNPIN LEADER.STEPDOWN MSG.NEXT';
const stored = contracts.filter((each) => each.kind === 'event').filter(isStored);
const consumers = stored.flatMap(consumersOf);
/** The JetStream API subjects for all streams and consumers, existing or not. */
const jetStreamApi = [
  ...serviceNames.flatMap((name) => streamVerbs.split(' ').map((verb) => `$JS.API.STREAM.${verb}.${streamOf(name)}`)),
  ...serviceNames.map((name) => `$JS.API.CONSUMER.CREATE.${streamOf(name)}`),
  ...[...consumers, { stream: streamOf('reconciler'), consumer: 'other', event: stored[0] }].flatMap(
    ({ stream, consumer, event }) =>
      consumerVerbs
        .split(' ')
        .map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.${consumer}`)
        .concat(`$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${event?.subject}`),
  ),
];

/** Services read their own streams and consumers; only the user of the streams creates and changes them. */
function mayRequest(user: NatsUserName): string[] {
  const streams = [...new Set(stored.map(({ owner }) => owner))];
  if (user === streamsUser) {
    return [
      ...streams.flatMap((owner) =>
        ['CREATE', 'UPDATE', 'INFO'].map((verb) => `$JS.API.STREAM.${verb}.${streamOf(owner)}`),
      ),
      ...consumers.flatMap(({ stream, consumer, event }) => [
        `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
        `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${event.subject}`,
      ]),
    ];
  }
  return [
    ...streams.filter((owner) => owner === user).map((owner) => `$JS.API.STREAM.INFO.${streamOf(owner)}`),
    ...consumers
      .filter(({ subscriber }) => subscriber === user)
      .flatMap(({ stream, consumer }) =>
        ['INFO', 'MSG.NEXT'].map((verb) => `$JS.API.CONSUMER.${verb}.${stream}.${consumer}`),
      ),
  ];
}

/** Every subject of the plane and of its server, for one user: what its contracts need, and what an attacker tries. */
export function permissionProbes(user: NatsUserName): PermissionProbe[] {
  const subjects = [...new Set(contracts.map(({ subject }) => subject))];
  const requested = mayRequest(user);
  const session = 'agent-gateway.session.1';
  const mayUseSessions = user === 'agent-gateway';
  const publish = (subject: string, allowed: boolean): PermissionProbe => ({ verb: 'Publish', subject, allowed });
  const subscribe = (subject: string, allowed: boolean): PermissionProbe => ({
    verb: 'Subscription',
    subject,
    allowed,
  });
  return [
    ...subjects.map((subject) => publish(subject, mayPublish(user, subject))),
    ...serviceNames.map((caller) => publish(`_INBOX.${caller}.x`, mayReply(user, caller))),
    ...foreign.filter((subject) => !/[*>]/.test(subject)).map((subject) => publish(subject, false)),
    publish(session, mayUseSessions),
    ...jetStreamApi.map((subject) => publish(subject, requested.includes(subject))),
    ...subjects.map((subject) => subscribe(subject, maySubscribe(user, subject))),
    ...[...serviceNames, streamsUser].map((name) => subscribe(`_INBOX.${name}.x`, name === user)),
    ...foreign.map((subject) => subscribe(subject, false)),
    subscribe(session, mayUseSessions),
  ];
}
