import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LogEntry, LogQuery } from '@runos/agent-protocol';
import { type Clock, systemClock } from '@runos/kernel';
import { entriesOf, FakeLogs, fakeOsid as osid, lineAt } from '../../test/fake-logs.js';
import { readLogs } from './read-logs.js';

const existing: LogQuery = { osid, tail: 100, previous: false, follow: false };

describe('the log of an instance', () => {
  let logs: FakeLogs;
  let stopping: AbortController;
  let truncations: number;
  let isRemoved: boolean;
  let clock: Clock;
  beforeEach(() => {
    logs = new FakeLogs();
    stopping = new AbortController();
    truncations = 0;
    isRemoved = false;
    clock = systemClock;
  });

  const read = (query: Partial<LogQuery> = {}): AsyncGenerator<LogEntry> =>
    entriesOf(
      readLogs({
        logs,
        query: { ...existing, ...query },
        clock,
        signal: stopping.signal,
        isRemoved: () => isRemoved,
        onTruncated: () => (truncations += 1),
      }),
    );
  async function all(query: Partial<LogQuery> = {}): Promise<LogEntry[]> {
    const entries: LogEntry[] = [];
    for await (const entry of read(query)) entries.push(entry);
    return entries;
  }
  const messagesOf = (entries: readonly LogEntry[]) => entries.map(({ message }) => message);
  async function next(entries: AsyncGenerator<LogEntry>, count: number): Promise<string[]> {
    const messages: string[] = [];
    while (messages.length < count) messages.push(((await entries.next()).value as LogEntry).message);
    return messages;
  }

  it('merges the lines of all containers by their timestamps', async () => {
    logs.pod('a').log(lineAt(1, 'a1'), lineAt(4, 'a4'));
    logs.pod('b', 'sidecar').log(lineAt(2, 'b2'), lineAt(3, 'b3'), lineAt(5, 'b5'));
    const entries = await all();
    expect(messagesOf(entries)).toEqual(['a1', 'b2', 'b3', 'a4', 'b5']);
    expect(entries[1]).toEqual({
      timestamp: '2030-01-01T00:00:02.000000000Z',
      podName: 'b',
      containerName: 'sidecar',
      message: 'b2',
    });
  });

  it('has the newest lines of all pods together, and requests no more of each', async () => {
    logs.pod('a').log(lineAt(1, 'a1'), lineAt(3, 'a3'), lineAt(6, 'a6'));
    logs.pod('b').log(lineAt(2, 'b2'), lineAt(4, 'b4'), lineAt(5, 'b5'));
    expect(messagesOf(await all({ tail: 3, sinceSeconds: 60 }))).toEqual(['b4', 'b5', 'a6']);
    expect(logs.selections).toEqual(Array(2).fill({ tailLines: 3, sinceSeconds: 60, previous: false }));
  });

  it('keeps at most 4 MiB, and reports that older lines are left out', async () => {
    logs.pod('a').log(...Array.from({ length: 400 }, (_, at) => lineAt(at, `${at} ${'x'.repeat(16_000)}`)));
    const entries = await all({ tail: 10_000 });
    expect([entries.length < 300, entries.at(-1)?.message.slice(0, 4), truncations]).toEqual([true, '399 ', 1]);
  });

  it('is that of one pod if the query names it, and of earlier runs if it selects them', async () => {
    logs.pod('a').log(lineAt(1, 'a1'));
    logs.pod('b', 'main', { hasPrevious: true }).log(lineAt(2, 'b2'));
    expect(messagesOf(await all({ pod: 'b' }))).toEqual(['b2']);
    expect(messagesOf(await all({ previous: true, follow: true }))).toEqual(['b2']);
    expect(messagesOf(await all({ pod: 'c' }))).toEqual(['valkey-abcde has no pod c.']);
    expect(await all({ pod: 'a', previous: true })).toMatchObject([
      { containerName: '<diagnostic>', message: expect.stringContaining('No container has been restarted') },
    ]);
  });

  it('is empty without pods, and has the reason why a container has not started', async () => {
    expect(await all()).toEqual([]);
    logs.pod('a', 'main', { run: undefined, waiting: 'ImagePullBackOff: cannot pull shop:1' });
    expect(await all()).toMatchObject([
      {
        podName: '',
        containerName: '<diagnostic>',
        message: 'No container has started yet: container main of pod a waits (ImagePullBackOff: cannot pull shop:1).',
      },
    ]);
  });

  it('quotes the API server about a log that it does not serve, beside those that it does', async () => {
    logs.pod('a').fail('dial tcp 10.0.0.4:10250: connect: connection refused');
    logs.pod('b').log(lineAt(1, 'b1'));
    expect(await all()).toMatchObject([
      { message: 'b1' },
      {
        podName: 'a',
        containerName: '<diagnostic>',
        message:
          'The log of container main of pod a cannot be read: dial tcp 10.0.0.4:10250: connect: connection refused',
      },
    ]);
  });

  it('quotes the kubelet where the runtime has no log of a run, and counts that as no line', async () => {
    const lost = 'unable to retrieve container logs for containerd://0123';
    logs.pod('a', 'main', { hasPrevious: true }).log(lost);
    const reason = { podName: 'a', containerName: '<diagnostic>', message: expect.stringContaining(lost) };
    expect(await all({ previous: true })).toMatchObject([reason]);
    logs.pod('b', 'main', { hasPrevious: true }).log(lineAt(1, 'b1'));
    expect(await all({ previous: true })).toMatchObject([reason, { message: 'b1' }]);
  });

  it('goes on with new lines, each once, and with pods that start later', async () => {
    const a = logs.pod('a').log(lineAt(1, 'a1'), lineAt(1, 'a1 again'));
    const entries = read({ follow: true });
    expect(await next(entries, 2)).toEqual(['a1', 'a1 again']);
    const following = next(entries, 3);
    a.log(lineAt(1, 'a1 third'), lineAt(2, 'a2'));
    logs.pod('b').log(lineAt(3, 'b3'));
    expect(await following).toEqual(['a1 third', 'a2', 'b3']);
    expect(logs.selections.at(1)).toMatchObject({ follow: true, sinceTime: '2030-01-01T00:00:01.000000000Z' });
    stopping.abort();
    expect(await entries.next()).toEqual({ done: true, value: undefined });
    await logs.untilClosed();
  });

  it('has every line that was logged before it is followed, however many there are', async () => {
    clock = { ...systemClock };
    const a = logs.pod('a').log(lineAt(1, 'a1'));
    const entries = read({ follow: true });
    expect(await next(entries, 1)).toEqual(['a1']);
    const count = 100_001;
    for (let at = 0; at < count; at += 1) a.log(lineAt(2, String(at)));
    // It is opened again at once, and not with the next look for containers.
    const looking = new AbortController();
    clock.sleep = (ms, signal) =>
      ms < 2_000 ? systemClock.sleep(ms, signal) : systemClock.sleep(60_000, looking.signal);
    expect(await next(entries, count)).toEqual(Array.from({ length: count }, (_, at) => String(at)));
    expect(logs.selections.map(({ tailLines }) => tailLines)).toEqual([100, 10_000, 100_000, undefined]);
    clock.sleep = systemClock.sleep;
    looking.abort();
    a.restart().log(lineAt(3, 'second run'));
    expect(await next(entries, 1)).toEqual(['second run']);
    expect(logs.selections.at(-1)?.tailLines).toBeUndefined();
    stopping.abort();
  });

  it('goes on with the next run of a container', async () => {
    const a = logs.pod('a').log(lineAt(1, 'first run'));
    const entries = read({ follow: true });
    expect(await next(entries, 1)).toEqual(['first run']);
    const following = next(entries, 1);
    a.restart().log(lineAt(9, 'second run'));
    expect(await following).toEqual(['second run']);
    stopping.abort();
  });

  it('ends when the pod of the query is gone', async () => {
    logs.pod('a').log(lineAt(1, 'a1'));
    const entries = read({ follow: true, pod: 'a' });
    expect(await next(entries, 1)).toEqual(['a1']);
    const ended = entries.next();
    logs.remove('a');
    expect(await ended).toEqual({ done: true, value: undefined });
  });

  it('goes on without pods, and ends with the last pod of an instance that is removed', async () => {
    logs.pod('a').log(lineAt(1, 'a1'));
    const entries = read({ follow: true });
    expect(await next(entries, 1)).toEqual(['a1']);
    const following = next(entries, 1);
    logs.remove('a');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const b = logs.pod('b').log(lineAt(2, 'b2'));
    expect(await following).toEqual(['b2']);
    isRemoved = true;
    const ending = next(entries, 1);
    b.log(lineAt(3, 'b3'));
    expect(await ending).toEqual(['b3']);
    const ended = entries.next();
    logs.remove('b');
    expect(await ended).toEqual({ done: true, value: undefined });
  });

  it('quotes the kubelet once about a followed log that is lost while its pod ends', async () => {
    const a = logs.pod('a').log(lineAt(1, 'a1'));
    const entries = read({ follow: true });
    expect(await next(entries, 1)).toEqual(['a1']);
    const reason = entries.next();
    a.log('unable to retrieve container logs for containerd://0123').end();
    expect((await reason).value).toMatchObject({
      podName: 'a',
      containerName: '<diagnostic>',
      message: expect.stringMatching(/cannot be read: unable to retrieve container logs for containerd:\/\/0123$/),
    });
    const following = next(entries, 1);
    await logs.untilOpened(4);
    a.log(lineAt(2, 'a2'));
    expect(await following).toEqual(['a2']);
    stopping.abort();
  });

  it('orders the lines of several pods that are logged within a moment', async () => {
    const [a, b] = [logs.pod('a'), logs.pod('b')];
    const entries = read({ follow: true });
    const following = next(entries, 4);
    await logs.untilFollowed(2);
    b.log(lineAt(2, 'b2'), lineAt(4, 'b4'));
    a.log(lineAt(1, 'a1'), lineAt(3, 'a3'));
    expect(await following).toEqual(['a1', 'b2', 'a3', 'b4']);
    stopping.abort();
  });
});
