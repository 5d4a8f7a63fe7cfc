import {
  consumersOf,
  contracts,
  inboxOf,
  isStored,
  type NatsUserName,
  type RequestContract,
  serviceNames,
  streamOf,
  streamsUser,
} from '@runos/contracts';
import { permissionProbes, refusedProbes } from '@runos/testing-nats';
import type pg from 'pg';
import { stealNats, type StolenNats } from '../stolen-nats.js';
import { changedTables, stableDigests } from './table-digests.js';

export interface NatsUsersResult {
  readonly names: readonly string[];
  /** The number of attempts. */
  readonly tried: number;
  /** Attempts that were not refused, and changes of the streams. */
  readonly wrong: readonly string[];
  /** Tables that changed. */
  readonly changed: readonly string[];
}

const requests = contracts.filter((contract): contract is RequestContract => contract.kind === 'request');
const stored = contracts.filter((contract) => contract.kind === 'event').filter(isStored);
const streams = [...new Set(stored.map(({ owner }) => streamOf(owner)))];

/**
 * Uses the stolen NATS credentials of every service of a running plane, and of the user of the streams. Each user tries
 * every subject that its contracts do not need. Then it names commands to JetStream, requests and foreign inboxes as
 * reply subjects of the requests and fetches that it may send.
 */
export async function tryNatsUsers(data: string, sql: pg.Client): Promise<NatsUsersResult> {
  const stolen = await stealNats(data);
  const names = [...serviceNames, streamsUser] as const;
  const before = await stableDigests(sql);
  const streamsBefore = await streamConfigs(stolen);
  const wrong: string[] = [];
  let tried = 0;
  for (const user of names) {
    const forbidden = permissionProbes(user).filter(({ allowed }) => !allowed);
    const refused = await refusedProbes({ url: stolen.url, user, password: stolen.passwordOf(user) }, forbidden);
    const passed = forbidden.filter((probe) => !refused.includes(probe));
    wrong.push(...passed.map(({ verb, subject }) => `${user}: ${verb} ${subject} was not refused`));
    tried += forbidden.length + (await misdirectReplies(stolen, user));
  }
  const streamsAfter = await streamConfigs(stolen);
  if (streamsAfter !== streamsBefore) wrong.push(`the streams changed from ${streamsBefore} to ${streamsAfter}`);
  return { names, tried, wrong, changed: changedTables(before, await stableDigests(sql)) };
}

/** Returns the number of sent messages. */
async function misdirectReplies({ connectAs }: StolenNats, user: NatsUserName): Promise<number> {
  const connection = await connectAs(user);
  const callable = requests.filter(({ callers }) => callers.some((caller) => caller === user));
  const fetches = stored
    .flatMap(consumersOf)
    .filter(({ subscriber }) => subscriber === user)
    .map(({ stream, consumer }) => `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`);
  const infos = stored
    .filter(({ owner }) => owner === user)
    .map(({ owner }) => `$JS.API.STREAM.INFO.${streamOf(owner)}`);
  const replies = [
    ...streams.flatMap((stream) => ['DELETE', 'PURGE', 'UPDATE'].map((verb) => `$JS.API.STREAM.${verb}.${stream}`)),
    ...serviceNames.filter((name) => name !== user).map((name) => `${inboxOf(name)}.stolen`),
    ...requests.filter(({ callers }) => !callers.some((caller) => caller === user)).map(({ subject }) => subject),
  ];
  const sent = [...callable.map(({ subject }) => subject), ...fetches, ...new Set(infos)].flatMap((subject) =>
    replies.map((reply) => ({ subject, reply })),
  );
  try {
    for (const { subject, reply } of sent) {
      connection.publish(subject, subject.startsWith('$JS.') ? '{"batch":1,"no_wait":true}' : '{}', { reply });
    }
    await connection.flush();
  } finally {
    await connection.close();
  }
  return sent.length;
}

/** Name and configuration of every stream, as text; the user of the streams may read them. */
async function streamConfigs({ connectAs }: StolenNats): Promise<string> {
  const connection = await connectAs(streamsUser);
  try {
    const read = async (stream: string): Promise<unknown> =>
      (await connection.request(`$JS.API.STREAM.INFO.${stream}`)).json<{ config?: unknown; error?: unknown }>().config;
    return JSON.stringify(
      await Promise.all(streams.map(async (stream) => [stream, (await read(stream)) ?? 'missing'])),
    );
  } finally {
    await connection.close();
  }
}
