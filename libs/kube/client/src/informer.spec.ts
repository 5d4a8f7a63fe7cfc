import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { halfOpenProxy } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { KubeClient } from './kube-client.js';
import { configMap, type KubeHarness, startKubeHarness } from '../test/harness.js';
import { type Informer, type InformerOptions, startInformer, type WatchFailure } from './informer.js';

let harness: KubeHarness;
const informers: Informer[] = [];
const clients: KubeClient[] = [];
const backoff = () => 20;

beforeAll(async () => {
  harness = await startKubeHarness();
}, 900_000);

afterEach(async () => {
  await Promise.all(informers.splice(0).map((informer) => informer.stop()));
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => harness?.stop());

/** Watches the ConfigMaps with a label, and records the calls of its handlers. */
function record(client: KubeClient, label: string, options: InformerOptions = {}, metadataOnly = false) {
  const events: string[] = [];
  const lists: number[] = [];
  const failures: WatchFailure[] = [];
  let recoveries = 0;
  const contentOf = (object: KubeObject) => (metadataOnly ? ` with${'data' in object ? '' : 'out'} data` : '');
  const note = (what: string) => (object: KubeObject) =>
    void events.push(`${what} ${object.kind} ${object.metadata.name}${contentOf(object)}`);
  const selection = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadataOnly,
    namespace: harness.namespace,
    labelSelector: `kind=${label}`,
  };
  const handler = {
    onAddOrUpdate: note('changed'),
    onDelete: note('removed'),
    onListed: (keys: ReadonlySet<string>) => void lists.push(keys.size),
    onWatchError: (_: unknown, failure: WatchFailure) => void failures.push(failure),
    onWatchRecovered: () => void (recoveries += 1),
  };
  const informer = startInformer(client, selection, handler, { backoff, ...options });
  informers.push(informer);
  const until = (line: string) =>
    waitUntil(() => events.includes(line), { because: () => `${line} is not in ${events.join()}` });
  return { events, lists, informer, until, failures, recoveries: () => recoveries };
}

const make = (name: string, label: string, data = {}) =>
  harness.client.apply(configMap(harness.namespace, name, data, { kind: label }));

describe('an informer', () => {
  it('lists and watches only the metadata of objects when the selection requires it', async () => {
    await make('listed', 'metadata', { a: '1' });
    const recorded = record(harness.client, 'metadata', {}, true);
    await recorded.informer.synced;
    await make('watched', 'metadata', { a: '1' });
    await recorded.until('changed ConfigMap watched without data');
    expect(recorded.events).toEqual([
      'changed ConfigMap listed without data',
      'changed ConfigMap watched without data',
    ]);
  });

  it('reports what is listed, then every change, and what leaves the selection', async () => {
    await make('first', 'plain');
    const recorded = record(harness.client, 'plain');
    await recorded.informer.synced;
    expect([recorded.events, recorded.lists]).toEqual([['changed ConfigMap first'], [1]]);
    await make('second', 'plain');
    await recorded.until('changed ConfigMap second');
    await harness.client.delete(refOf(configMap(harness.namespace, 'first')));
    await recorded.until('removed ConfigMap first');
    await harness.client.mergePatch(refOf(configMap(harness.namespace, 'second')), {
      metadata: { labels: { kind: null } },
    });
    await recorded.until('removed ConfigMap second');
  });

  it('detects a half-open connection, and resumes where it was', async () => {
    const proxy = await halfOpenProxy(Number(new URL(harness.cluster.server).port));
    const client = harness.newClient({ server: `https://127.0.0.1:${proxy.port}` });
    clients.push(client);
    const recorded = record(client, 'half-open', { idleTimeoutMs: 1_000 });
    await recorded.informer.synced;
    await make('one', 'half-open');
    await recorded.until('changed ConfigMap one');
    proxy.freeze();
    await make('two', 'half-open');
    await recorded.until('changed ConfigMap two');
    expect(recorded.events).toEqual(['changed ConfigMap one', 'changed ConfigMap two']);
    expect(recorded.lists).toEqual([0]);
    proxy.stop();
  });

  it('ends at once when it is stopped, also before its first list', async () => {
    const recorded = record(harness.client, 'stopped');
    await recorded.informer.stop();
    await make('late', 'stopped');
    expect(recorded.events).toEqual([]);
  });
});

describe('an informer of a failing server', () => {
  let server: Server;
  let requests: string[];
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });

  /** An API server that answers lists, and each watch with the next of these streams; the last one is repeated. */
  async function failingServer(streams: string[], { silent = false } = {}): Promise<KubeClient> {
    requests = [];
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      if (pathname === '/api/v1')
        return response.end('{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true}]}');
      const watching = searchParams.has('watch');
      requests.push(watching ? `watch ${searchParams.get('resourceVersion')}` : 'list');
      if (!watching)
        return response.end('{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"listed"}}]}');
      if (silent) return response.writeHead(200).flushHeaders();
      response.end(streams.length > 1 ? streams.shift() : streams[0]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    clients.push(client);
    return client;
  }

  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  const bookmark = event('BOOKMARK', { metadata: { resourceVersion: '12' } });
  const expired = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
  const requested = (count: number) => waitUntil(() => requests.length >= count, { because: () => requests.join() });

  it('resumes from the last bookmark', async () => {
    const client = await failingServer([bookmark]);
    const recorded = record(client, 'x');
    await requested(3);
    await recorded.informer.stop();
    expect(requests.slice(0, 3)).toEqual(['list', 'watch 7', 'watch 12']);
  });

  it('lists again when its resourceVersion has expired', async () => {
    const client = await failingServer([bookmark, expired, bookmark]);
    const recorded = record(client, 'x');
    await requested(5);
    await recorded.informer.stop();
    expect(requests.slice(0, 5)).toEqual(['list', 'watch 7', 'watch 12', 'list', 'watch 7']);
    expect(recorded.lists.slice(0, 2)).toEqual([1, 1]);
  });

  it('backs off when every watch has expired, although each list succeeds, and reports the recovery', async () => {
    const streams = [expired, expired, expired, bookmark];
    const client = await failingServer(streams);
    const delays: number[] = [];
    const recorded = record(client, 'x', { backoff: (failures) => delays.push(failures) && 5 });
    await waitUntil(() => recorded.recoveries() > 0, { because: () => requests.join() });
    await recorded.informer.stop();
    expect(delays.slice(0, 2)).toEqual([2, 3]);
    expect(recorded.failures[0]?.verb).toBe('watch');
  });

  it('lists again after watches that deliver nothing, not even a bookmark', async () => {
    const client = await failingServer([], { silent: true });
    const recorded = record(client, 'x', { idleTimeoutMs: 50 });
    await requested(4);
    await recorded.informer.stop();
    expect(requests.slice(0, 4)).toEqual(['list', 'watch 7', 'watch 7', 'list']);
    expect(recorded.recoveries()).toBe(0);
  });

  it('retries at once when a caller reports that the cause of a failure may be gone', async () => {
    const client = await failingServer(['']);
    const recorded = record(client, 'x', { backoff: () => 3_600_000 });
    await waitUntil(() => recorded.failures.length === 1, { because: () => requests.join() });
    recorded.informer.retryNow();
    await requested(3);
    await recorded.informer.stop();
  });

  it('backs off when the server ends every watch at once, or sends invalid JSON', async () => {
    const client = await failingServer(['', 'no json\n', '']);
    const delays: number[] = [];
    const recorded = record(client, 'x', { backoff: (failures) => delays.push(failures) && 5 });
    await requested(5);
    await recorded.informer.stop();
    expect(recorded.failures.slice(0, 3).map(({ verb }) => verb)).toEqual(['watch', 'watch', 'watch']);
    expect(delays.slice(0, 3)).toEqual([1, 2, 3]);
    expect(recorded.failures.length).toBeGreaterThanOrEqual(3);
  });
});
