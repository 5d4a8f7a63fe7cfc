import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, jobTimeoutMs, type PlaneClient } from '@runos/tool-e2e';
import { FollowedLog, type LogEntry } from './followed-log.js';
import { connectToRealPlane, onDemoNodes, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

onDemoNodes('the logs of a service on real nodes', () => {
  let plane: PlaneClient;
  let cache: ServiceUnderTest;
  beforeAll(async () => {
    plane = await connectToRealPlane();
    cache = await ServiceUnderTest.create(plane, 'valkey', { replicas: 2 });
  });
  afterAll(() => cache?.delete());

  const path = (query = '') => `${cache.instance.path}/logs${query}`;
  const save = () => cache.firstAnswer(() => cache.valkey('BGSAVE'));

  it('are read of all pods in the order of time', async () => {
    const { status, body } = await plane.api.get(path('?tail=1000'));
    const entries = body['entries'] as LogEntry[];
    expect(status).toBe(200);
    expect(new Set(entries.map(({ podName }) => podName))).toEqual(
      new Set([`${cache.namespace}-0`, `${cache.namespace}-1`]),
    );
    expect(entries.map(({ message }) => message).join('\n')).toContain('Ready to accept connections');
    const times = entries.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort());
    const newest = (await plane.api.get(path(`?tail=2&pod=${cache.namespace}-0`))).body['entries'] as LogEntry[];
    expect(newest.map(({ podName }) => podName)).toEqual(Array(2).fill(`${cache.namespace}-0`));
  });

  it('are followed while the service works, and through a restart of its pods', async () => {
    const log = new FollowedLog(plane, path('?tail=1'));
    const found = (text: string, count = 1) =>
      eventually(`"${text}" in the log`, () =>
        Promise.resolve(log.entries.filter(({ message }) => message.includes(text)).length >= count),
      );
    await eventually('the first line', () => Promise.resolve(log.entries.length > 0));
    await save();
    await found('Background saving started');
    await cache.restart();
    await found('Ready to accept connections', 2);
    log.stop();
    await log.ended;
    // The kubelet may delete an ended container before its last lines are read. The agent quotes that once per container.
    const diagnostics = log.entries.filter(({ containerName }) => containerName === '<diagnostic>');
    expect(diagnostics.filter(({ message }) => !message.includes('unable to retrieve container logs'))).toEqual([]);
    expect(new Set(diagnostics.map(({ podName }) => podName)).size).toBe(diagnostics.length);
    expect(new Set(log.entries.map((entry) => JSON.stringify(entry))).size).toBe(log.entries.length);
  });

  it('end when the service is deleted, without words of the kubelet among its lines', async () => {
    const other = await ServiceUnderTest.create(plane, 'valkey', { replicas: 1 });
    const log = new FollowedLog(plane, `${other.instance.path}/logs?tail=1`);
    await eventually('the first line', () => Promise.resolve(log.entries.length > 0));
    await other.delete();
    await log.ended;
    const ofContainers = log.entries.filter(({ containerName }) => containerName !== '<diagnostic>');
    expect(ofContainers.filter(({ message }) => message.includes('unable to retrieve'))).toEqual([]);
    expect((await plane.api.get(`${other.instance.path}/logs`)).status).toBe(404);
  });
});
