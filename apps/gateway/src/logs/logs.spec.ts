import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { identity, jobs } from '@runos/contracts';
import { Fault, unavailable } from '@runos/kernel';
import { waitUntil } from '@runos/testing-process';
import { EventStreamReader } from '../../test/event-stream-reader.js';
import { type GatewayHarness, startHarness } from '../../test/harness.js';
import { settledCount } from '../../test/settled-count.js';
import { logEntry } from '../../test/sample-log.js';
import { aid, principal, token } from '../../test/sample-replies.js';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await startHarness({ logsPerAccount: 2, streamsPerToken: 3 });
});
afterAll(() => harness.stop());

const path = `/${aid}/ky3/services/valkey/valkey-abcde/logs`;
const line = (message: string) => ({ ...logEntry, message });
const idle = () =>
  new Promise((resolve) => setTimeout(() => resolve({ entries: [], ended: false, truncated: false }), 50));
const open: EventStreamReader[] = [];

/** The chunks that the agent sends next; then none, until the log is closed. */
let chunks: object[];
beforeEach(() => {
  harness.reset();
  chunks = [];
  harness.reply('agent-gateway.v1.logs-read', () => chunks.shift() ?? idle());
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
});

const requestsOf = (name: string) => harness.received.filter(({ subject }) => subject === `agent-gateway.v1.${name}`);
const closed = (count: number) =>
  waitUntil(() => requestsOf('logs-close').length === count, { because: () => 'it is not closed' });
const chunk = (...messages: string[]) => ({ entries: messages.map(line), ended: false, truncated: false });
const last = (...messages: string[]) => ({ ...chunk(...messages), ended: true });
const accepting = (accept: string) => ({ authorization: `Bearer ${token}`, accept });
async function follow(query = ''): Promise<EventStreamReader> {
  const stream = await EventStreamReader.open(`${harness.url}${path}${query}`, accepting('text/event-stream'));
  open.push(stream);
  return stream;
}

describe('GET …/logs', () => {
  it('answers all chunks of the agent as one list', async () => {
    chunks = [chunk('one', 'two'), { ...last('three'), truncated: true }];
    const { status, body } = await harness.send('GET', `${path}?tail=5&since=60&pod=valkey-abcde-0&previous=true`);
    expect([status, body]).toEqual([200, { entries: ['one', 'two', 'three'].map(line), truncated: true }]);
    const [authorized] = harness.received.filter(({ subject }) => subject === 'reconciler.v1.instance-logs');
    expect(authorized?.input).toEqual({ cid: 'ky3', type: 'valkey', id: 'valkey-abcde', pod: 'valkey-abcde-0' });
    expect(requestsOf('logs-open')[0]?.input).toMatchObject({
      cid: 'ky3',
      sessionNo: 7,
      query: {
        osid: 'valkey-abcde',
        tail: 5,
        sinceSeconds: 60,
        pod: 'valkey-abcde-0',
        previous: true,
        follow: false,
      },
    });
  });

  it('requests more chunks while one is on its way if the log is busy, and answers them in their order', async () => {
    const full = (at: number) =>
      chunk(...Array.from({ length: 5 }, (_, index) => `${at * 5 + index} ${'x'.repeat(16_000)}`));
    const waiting: (() => void)[] = [];
    const requested = [1, 2, 4];
    let count = 0;
    // One chunk is requested first, then two, four and eight. Of those on their way, the last one comes first.
    harness.reply('agent-gateway.v1.logs-read', () => {
      const at = count++;
      const reply = new Promise((resolve) => waiting.push(() => resolve(at < 19 ? full(at) : last())));
      const [wanted = 8] = requested;
      if (waiting.length < wanted) return reply;
      requested.shift();
      for (const release of waiting.splice(0).reverse()) release();
      return reply;
    });
    const { body } = await harness.send('GET', `${path}?tail=100`);
    const entries = body['entries'] as { message: string }[];
    expect(entries.map(({ message }) => parseInt(message))).toEqual(Array.from({ length: 95 }, (_, at) => at));
    expect(requestsOf('logs-read').map(({ input }) => input['number'])).toEqual(
      Array.from({ length: count }, (_, at) => at + 1),
    );
  });

  it('takes 100 lines by default, and with tail=0 as many as there may be', async () => {
    chunks = [last(), last()];
    await harness.send('GET', `/${aid}/ky3/apps/app-abcde/logs`);
    await harness.send('GET', `${path}?tail=&since=`);
    await harness.send('GET', `${path}?tail=0&since=3`);
    const queries = requestsOf('logs-open').map(({ input }) => input['query']);
    expect(queries).toMatchObject([{ tail: 100 }, { tail: 100 }, { tail: 10_000, sinceSeconds: 3 }]);
  });

  it.each(['tail=0', 'tail=10001', 'tail=x', 'since=0', 'since=7776001', 'previous=yes', 'pod=A%2Fb', 'follow=true'])(
    'refuses %s',
    async (query) => {
      const { status, body } = await harness.send('GET', `${path}?${query}`);
      expect([status, body['code']]).toEqual([400, 'request.invalid']);
      expect(requestsOf('logs-open')).toEqual([]);
    },
  );

  it('names the agent that is away or at its limit', async () => {
    const away = unavailable('The agent of cluster ky3 is disconnected.', 30);
    harness.reply('reconciler.v1.instance-logs', () => {
      throw away;
    });
    const { status, body, headers } = await harness.send('GET', path);
    expect([status, body['error'], headers.get('retry-after')]).toEqual([503, away.message, '30']);
    harness.reset();
    harness.reply('agent-gateway.v1.logs-open', () => {
      throw new Fault('limit.exceeded', 'The agent reads 32 logs.', { limit: 'logsPerAgent', value: 32 });
    });
    expect(await harness.send('GET', path)).toMatchObject({ status: 429, body: { limit: 'logsPerAgent', value: 32 } });
    harness.reset();
  });
});

describe('a log that is followed', () => {
  it('is sent as server-sent events, until the agent ends it', async () => {
    chunks = [chunk('one'), chunk(), chunk('two'), last('three')];
    const stream = await follow('?tail=3');
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = await stream.rest();
    expect(events.map(({ event, data }) => [event, data])).toEqual(
      ['one', 'two', 'three'].map((message) => ['log', line(message)]),
    );
    expect(requestsOf('logs-open')[0]?.input).toMatchObject({ query: { tail: 3, follow: true } });
  });

  it('is sent as lines of JSON, whatever its lines contain', async () => {
    const hostile = 'a\r\n\ndata: {"message":"forged"}\u2028\u001b[31m';
    chunks = [chunk(hostile, 'two'), last()];
    const response = await fetch(harness.url + path, { headers: accepting('text/plain, application/x-ndjson;q=1') });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((text) => JSON.parse(text) as unknown)).toEqual([line(hostile), line('two')]);
  });

  it('ends with the reason when the agent has gone', async () => {
    chunks = [chunk('one')];
    const stream = await follow();
    await stream.next();
    harness.reply('agent-gateway.v1.logs-read', () => {
      throw unavailable('The agent of cluster ky3 is disconnected.');
    });
    expect((await stream.rest()).map(({ data }) => data)).toMatchObject([
      { containerName: '<diagnostic>', podName: '', message: 'The agent of cluster ky3 is disconnected.' },
    ]);
  });

  it('ends when its instance is gone, also if the agent does not end it', async () => {
    const stream = await follow();
    const complete = (account: string, status: 'completed' | 'running') =>
      harness
        .service('jobs')
        .bus.publish(jobs.jobChanged, { id: randomUUID(), aid: account, seq: 1, status }, { tenant: account });
    const checks = () => harness.received.filter(({ subject }) => subject === 'reconciler.v1.instance-status').length;
    const checked = (count: number) =>
      waitUntil(() => checks() === count, { deadlineMs: 5_000, because: () => `${checks()} checks` });
    await complete(aid, 'completed');
    await checked(1);
    harness.reply('reconciler.v1.instance-status', () => {
      throw new Fault('service.not_found', 'Service valkey-abcde does not exist.');
    });
    // Neither a job that runs nor one of another account has removed it.
    await complete(aid, 'running');
    await complete('other', 'completed');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(checks()).toBe(1);
    await complete(aid, 'completed');
    expect(await stream.rest()).toEqual([]);
    expect(checks()).toBe(2);
    await closed(1);
  });

  it('is closed when its reader goes, and when the access of its caller changes', async () => {
    const first = await follow();
    await first.close();
    await closed(1);
    const second = await follow();
    const change = { keyIds: [principal.keyId], userIds: [] };
    await harness.service('identity').bus.publish(identity.accessChanged, change);
    expect(await second.rest()).toEqual([]);
    await closed(2);
  });

  it('is not read any further while its reader does not read', async () => {
    const long = 'x'.repeat(16_000);
    const full = { entries: Array.from({ length: 8 }, () => line(long)), ended: false, truncated: false };
    harness.reply('agent-gateway.v1.logs-read', () => full);
    const response = await fetch(harness.url + path, { headers: accepting('application/x-ndjson') });
    // What the sockets and the client hold, and then nothing.
    expect(await settledCount(() => requestsOf('logs-read').length)).toBeLessThan(200);
    // Others are answered meanwhile.
    harness.reply('agent-gateway.v1.logs-read', () => last('other'));
    expect((await harness.send('GET', path)).body).toEqual({ entries: [line('other')] });
    await response.body?.cancel();
  });

  it('is refused beyond the logs of an account', async () => {
    await Promise.all([follow(), follow()]);
    const { status, body, headers } = await harness.send('GET', path);
    expect([status, body['code'], body['limit'], body['value']]).toEqual([429, 'limit.exceeded', 'logsPerAccount', 2]);
    expect(headers.get('retry-after')).toBe('10');
  });
});
