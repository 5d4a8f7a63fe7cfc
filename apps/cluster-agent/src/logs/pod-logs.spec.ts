import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KubeClient } from '@runos/kube-client';
import { waitUntil } from '@runos/testing-process';
import { fakeOsid as osid, lineAt } from '../../test/fake-logs.js';
import type { LogContainer } from './log-containers.js';
import { LogOpenings, podLogsOf } from './pod-logs.js';

const kinds = { resources: [{ name: 'pods', kind: 'Pod', namespaced: true, verbs: ['get', 'list'] }] };

describe('logs that are opened at once', () => {
  let server: Server;
  let client: KubeClient;
  let stopping: AbortController;
  /** The requests for logs that have no response yet. */
  let waiting: ServerResponse[];
  let mostWaiting: number;
  let open: ServerResponse[];
  beforeEach(async () => {
    [waiting, open, mostWaiting] = [[], [], 0];
    stopping = new AbortController();
    server = createServer(({ url = '' }, response) => {
      if (!url.includes('/log?')) return response.end(JSON.stringify(kinds));
      waiting.push(response);
      mostWaiting = Math.max(mostWaiting, waiting.length);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  });
  afterEach(async () => {
    stopping.abort();
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  const until = (isReached: () => boolean) =>
    waitUntil(isReached, { deadlineMs: 20_000, because: () => `${waiting.length} wait, ${open.length} are open` });
  const answer = (count: number): void => {
    for (const response of waiting.splice(0, count)) {
      response.writeHead(200).flushHeaders();
      open.push(response);
    }
  };
  const containerOf = (podName: string): LogContainer => ({
    podName,
    containerName: 'main',
    run: 'containerd://1',
    isRunning: true,
    hasPrevious: false,
    waiting: undefined,
  });
  /** Follows a log; the lines that came. */
  function follow(openings: LogOpenings, podName: string): string[] {
    const lines: string[] = [];
    const batches = podLogsOf(client, osid, openings).lines(containerOf(podName), { follow: true }, stopping.signal);
    void (async () => {
      for await (const batch of batches) lines.push(...batch);
    })().catch(() => undefined);
    return lines;
  }

  it('wait for each other, while those that are open go on', async () => {
    const openings = new LogOpenings();
    const established = follow(openings, 'first');
    await until(() => waiting.length === 1);
    answer(1);
    const [first] = open;
    await until(() => first?.headersSent === true);
    for (let at = 0; at < 120; at += 1) follow(openings, `pod-${at}`);
    for (let at = 0; open.length < 121; at += 1) {
      await until(() => waiting.length > 0);
      first?.write(`${lineAt(at, String(at))}\n`);
      await until(() => established.length === at + 1);
      answer(waiting.length);
    }
    expect(mostWaiting).toBeLessThanOrEqual(4);
  }, 30_000);

  it('do not wait for a node that does not answer', async () => {
    const openings = new LogOpenings();
    for (let at = 0; at < 8; at += 1) follow(openings, `pod-${at}`);
    await until(() => waiting.length === 8);
    expect(mostWaiting).toBe(8);
  });

  it('leave no place taken when they fail, or their reader goes', async () => {
    const openings = new LogOpenings();
    for (let at = 0; at < 12; at += 1) follow(openings, `pod-${at}`);
    await until(() => waiting.length === 4);
    for (const response of waiting.splice(0)) response.writeHead(500).end('{}');
    await until(() => waiting.length === 4);
    waiting.length = 0;
    stopping.abort();
    stopping = new AbortController();
    const lines = follow(openings, 'other');
    await until(() => waiting.length === 1);
    answer(1);
    open[0]?.write(`${lineAt(1, 'served')}\n`);
    await until(() => lines.length === 1);
  });
});
