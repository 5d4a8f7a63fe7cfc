import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type KubeObject, refOf } from '@runos/kube-objects';
import { halfOpenProxy } from '@runos/testing-basics';
import { waitUntil } from '@runos/testing-process';
import { KubeClient } from './kube-client.js';
import { configMap, type SpecCluster, specCluster } from '../test/spec-client.js';
import { watch, type WatchHandle, type WatchOptions } from './watch.js';

jest.setTimeout(30_000);
let spec: SpecCluster;
const handles: WatchHandle[] = [];
const backoff = () => 20;

beforeAll(async () => {
  spec = await specCluster();
}, 900_000);

afterEach(() => Promise.all(handles.splice(0).map((handle) => handle.stop())));
afterAll(() => spec?.stop());

/** Follows the ConfigMaps with a label, and keeps what it hears. */
function follow(client: KubeClient, label: string, options: WatchOptions = {}) {
  const heard: string[] = [];
  const lists: number[] = [];
  let broken = 0;
  const say = (what: string) => (object: KubeObject) =>
    void heard.push(`${what} ${object.kind} ${object.metadata.name}`);
  const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace: spec.namespace, labelSelector: `kind=${label}` };
  const handler = {
    changed: say('changed'),
    removed: say('removed'),
    listed: (keys: ReadonlySet<string>) => void lists.push(keys.size),
    broken: () => (broken += 1),
  };
  const handle = watch(client, selection, handler, { backoff, ...options });
  handles.push(handle);
  const until = (line: string) =>
    waitUntil(() => heard.includes(line), { deadlineMs: 10_000, because: () => `${line} is not in ${heard.join()}` });
  return { heard, lists, handle, until, broken: () => broken };
}

const make = (name: string, label: string, data = {}) =>
  spec.client.apply(configMap(spec.namespace, name, data, { kind: label }));

describe('a watch', () => {
  it('tells what there is, then every change, and what leaves the selection', async () => {
    await make('first', 'plain');
    const seen = follow(spec.client, 'plain');
    await seen.handle.synced;
    expect([seen.heard, seen.lists]).toEqual([['changed ConfigMap first'], [1]]);
    await make('second', 'plain');
    await seen.until('changed ConfigMap second');
    await spec.client.delete(refOf(configMap(spec.namespace, 'first')));
    await seen.until('removed ConfigMap first');
    await spec.client.mergePatch(refOf(configMap(spec.namespace, 'second')), { metadata: { labels: { kind: null } } });
    await seen.until('removed ConfigMap second');
  });

  it('notices a connection that leads nowhere, and goes on where it was', async () => {
    const proxy = await halfOpenProxy(Number(new URL(spec.cluster.server).port));
    const client = spec.other({ server: `https://127.0.0.1:${proxy.port}` });
    const seen = follow(client, 'half-open', { silenceMs: 300 });
    await seen.handle.synced;
    await make('one', 'half-open');
    await seen.until('changed ConfigMap one');
    proxy.freeze();
    await make('two', 'half-open');
    await seen.until('changed ConfigMap two');
    expect(seen.heard).toEqual(['changed ConfigMap one', 'changed ConfigMap two']);
    expect(seen.lists).toEqual([0]);
    await seen.handle.stop();
    proxy.stop();
    await client.close();
  });

  it('ends at once when it is stopped, also before it has begun', async () => {
    const seen = follow(spec.client, 'stopped');
    await seen.handle.stop();
    await make('late', 'stopped');
    expect(seen.heard).toEqual([]);
  });
});

describe('a watch on a server in trouble', () => {
  let server: Server;
  let asked: string[];
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** An API server that answers lists and hands out these streams, one per watch, the last one again and again. */
  async function troubled(streams: string[]): Promise<KubeClient> {
    asked = [];
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      if (pathname === '/api/v1')
        return response.end('{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true}]}');
      const watching = searchParams.has('watch');
      asked.push(watching ? `watch ${searchParams.get('resourceVersion')}` : 'list');
      if (!watching)
        return response.end('{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"listed"}}]}');
      response.end(streams.length > 1 ? streams.shift() : streams[0]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  }

  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  const bookmark = event('BOOKMARK', { metadata: { resourceVersion: '12' } });
  const expired = event('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
  const times = (count: number) =>
    waitUntil(() => asked.length >= count, { deadlineMs: 10_000, because: () => asked.join() });

  it('goes on from the last bookmark', async () => {
    const client = await troubled([bookmark]);
    const seen = follow(client, 'x');
    await times(3);
    await seen.handle.stop();
    expect(asked.slice(0, 3)).toEqual(['list', 'watch 7', 'watch 12']);
    await client.close();
  });

  it('lists again when its place is no longer known', async () => {
    const client = await troubled([bookmark, expired, bookmark]);
    const seen = follow(client, 'x');
    await times(5);
    await seen.handle.stop();
    expect(asked.slice(0, 5)).toEqual(['list', 'watch 7', 'watch 12', 'list', 'watch 7']);
    expect(seen.lists.slice(0, 2)).toEqual([1, 1]);
    await client.close();
  });

  it('backs off from one that ends every watch at once, or talks nonsense', async () => {
    const client = await troubled(['', 'no json\n', '']);
    const pauses: number[] = [];
    const seen = follow(client, 'x', { backoff: (failures) => pauses.push(failures) && 5 });
    await times(5);
    await seen.handle.stop();
    expect(pauses.slice(0, 3)).toEqual([1, 2, 3]);
    expect(seen.broken()).toBeGreaterThanOrEqual(3);
    await client.close();
  });
});
