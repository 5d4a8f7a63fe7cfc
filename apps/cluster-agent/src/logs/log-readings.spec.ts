import { beforeEach, describe, expect, it } from '@jest/globals';
import { type LogQuery, READ_LOGS, type ReplyOf } from '@runos/agent-protocol';
import { createLogger } from '@runos/observability';
import { ManualClock } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { randomUUID } from 'node:crypto';
import { systemClock } from '@runos/kernel';
import { FakeLogs, fakeOsid as osid, lineAt } from '../../test/fake-logs.js';
import { LogReadings } from './log-readings.js';

const query: LogQuery = { osid, tail: 10_000, previous: false, follow: true };
const longLine = 'x'.repeat(1_000);

describe('open logs', () => {
  let logs: FakeLogs;
  let managed: boolean;
  let removed: boolean;
  beforeEach(() => {
    logs = new FakeLogs();
    managed = true;
    removed = false;
  });

  const readings = (clock = systemClock, max = 2) =>
    new LogReadings({
      logsOf: () => logs,
      manages: () => managed,
      isRemoved: () => removed,
      max,
      clock,
      logger: createLogger({ service: 'spec', level: 'silent' }),
    });
  const open = async ({ handlers }: LogReadings, id: string = randomUUID(), changes: Partial<LogQuery> = {}) => {
    const reply = await handlers.OPEN_LOGS?.({ id, query: { ...query, ...changes } });
    return { id, reply };
  };
  const read = async ({ handlers }: LogReadings, id: string): Promise<ReplyOf<typeof READ_LOGS>> =>
    READ_LOGS.reply.parse(await handlers.READ_LOGS?.({ id }));
  const ended = { entries: [], ended: true, truncated: false };

  it('are read in replies of limited length, until they end', async () => {
    logs.pod('a').log(...Array.from({ length: 500 }, (_, at) => lineAt(at, `${at} ${longLine}`)));
    const all = readings();
    const { id, reply } = await open(all, undefined, { follow: false });
    expect(reply).toEqual({ opened: true });
    const messages: string[] = [];
    for (let hasEnded = false; !hasEnded;) {
      const { entries, ended: last } = await read(all, id);
      expect(entries.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThan(256 * 1024);
      messages.push(...entries.map(({ message }) => message));
      hasEnded = last;
    }
    expect(messages.map((message) => parseInt(message))).toEqual(Array.from({ length: 500 }, (_, at) => at));
    expect(await read(all, id)).toEqual(ended);
  });

  it('are read in the order of numbers, in whatever order the readings arrive', async () => {
    const pod = logs.pod('a');
    const all = readings();
    const { id } = await open(all);
    const numbered = (number: number) => all.handlers.READ_LOGS?.({ id, number }) as ReturnType<typeof read>;
    const [third, second, first] = [numbered(3), numbered(2), numbered(1)];
    await logs.untilFollowed(1);
    pod.log(...Array.from({ length: 300 }, (_, at) => lineAt(at, `${at} ${longLine}`)));
    const replies = await Promise.all([first, second, third]);
    const numbers = replies.flatMap(({ entries }) => entries.map(({ message }) => parseInt(message)));
    expect(replies.map(({ entries }) => entries.length > 0)).toEqual([true, true, true]);
    expect(numbers).toEqual(Array.from({ length: 300 }, (_, at) => at));
    all.closeAll();
  });

  it('reply without an entry while the reading before them does not come', async () => {
    logs.pod('a').log(lineAt(1, 'a1'));
    const clock = new ManualClock();
    const all = readings(clock);
    const { id } = await open(all);
    const second = all.handlers.READ_LOGS?.({ id, number: 2 });
    await clock.advance(4_000);
    expect(await second).toEqual({ entries: [], ended: false, truncated: false });
    all.closeAll();
  });

  it('go on after readings that got none while those before had not come', async () => {
    const pod = logs.pod('a');
    const clock = new ManualClock();
    const all = readings(clock);
    const { id } = await open(all);
    const numbered = (number: number) => all.handlers.READ_LOGS?.({ id, number }) as ReturnType<typeof read>;
    const early = [numbered(2), numbered(3)];
    await clock.advance(4_000);
    for (const reply of early) expect(await reply).toEqual({ entries: [], ended: false, truncated: false });
    for (const [number, message] of [
      [1, 'a1'],
      [4, 'a4'],
    ] as const) {
      const reply = numbered(number);
      pod.log(lineAt(number, message));
      await clock.advance(1_000);
      expect((await reply).entries).toMatchObject([{ message }]);
    }
    all.closeAll();
  });

  it('are not read any further while their reader reads nothing, and go on for others', async () => {
    const pod = logs.pod('a');
    const all = readings();
    const [slow, other] = [await open(all), await open(all)];
    await logs.untilFollowed(2);
    pod.log(...Array.from({ length: 5_000 }, (_, at) => lineAt(at, longLine)));
    let count = 0;
    while (count < 5_000) count += (await read(all, other.id)).entries.length;
    // 5,000 lines for the one, and for the other no more than the buffers hold: 192 KiB.
    expect(logs.sent - 5_000).toBeLessThan(300);
    count = 0;
    while (count < 5_000) count += (await read(all, slow.id)).entries.length;
    expect(logs.sent).toBe(10_000);
    all.closeAll();
    await logs.untilClosed();
  });

  it('are limited in number, and closed by their reader or by the end of the stream', async () => {
    logs.pod('a');
    const all = readings();
    const [first] = [await open(all), await open(all)];
    expect((await open(all)).reply).toEqual({ opened: false, limit: 2 });
    await all.handlers.CLOSE_LOGS?.({ id: first.id });
    expect(await read(all, first.id)).toEqual(ended);
    expect((await open(all)).reply).toEqual({ opened: true });
    all.closeAll();
    await logs.untilClosed();
  });

  it('end with the last pod of an instance that is removed, and leave room for others', async () => {
    const pod = logs.pod('a');
    const all = readings(systemClock, 1);
    const { id } = await open(all);
    await logs.untilFollowed(1);
    removed = true;
    pod.log(lineAt(1, 'last words'));
    logs.remove('a');
    managed = false;
    const messages: string[] = [];
    for (let hasEnded = false; !hasEnded;) {
      const reply = await read(all, id);
      messages.push(...reply.entries.map(({ message }) => message));
      hasEnded = reply.ended;
    }
    expect(messages).toEqual(['last words']);
    expect((await open(all)).reply).toEqual({ opened: true });
    expect(await read(all, id)).toEqual(ended);
    all.closeAll();
  });

  it('are closed when their reader has gone', async () => {
    logs.pod('a');
    const clock = new ManualClock();
    const all = readings(clock, 1);
    await open(all);
    await clock.advance(89_000);
    expect((await open(all)).reply).toEqual({ opened: false, limit: 1 });
    await clock.advance(2_000);
    expect((await open(all)).reply).toEqual({ opened: true });
    all.closeAll();
    await waitUntil(() => clock.sleeping === 0, { because: () => 'a timer is left' });
  });

  it('reply without an entry after a while, and end a waiting reply when they are closed', async () => {
    logs.pod('a');
    const clock = new ManualClock();
    const all = readings(clock);
    const { id } = await open(all);
    const reply = read(all, id);
    await clock.advance(4_000);
    expect(await reply).toEqual({ entries: [], ended: false, truncated: false });
    const waiting = read(all, id);
    all.closeAll();
    expect(await waiting).toMatchObject({ entries: [] });
  });

  it('are empty for an instance that the agent does not manage', async () => {
    logs.pod('a').log(lineAt(1, 'secret'));
    managed = false;
    const all = readings();
    const { id } = await open(all, undefined, { follow: false });
    expect(await read(all, id)).toEqual(ended);
    expect(logs.selections).toEqual([]);
  });
});
