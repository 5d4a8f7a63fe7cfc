import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { ApiTransport } from './api-transport.js';
import { startInformer } from './informer.js';
import { configMap, type KubeHarness, startKubeHarness } from '../test/harness.js';

/** More than an API server allows on one connection. */
const count = 130;

describe('the watches of many namespaces', () => {
  let harness: KubeHarness;
  beforeAll(async () => {
    harness = await startKubeHarness();
  }, 900_000);
  afterAll(() => harness?.stop());

  it('share HTTP/2 connections, and all of them end with the client', async () => {
    let connections = 0;
    const target = Number(new URL(harness.cluster.server).port);
    const proxy = createServer((near) => {
      connections += 1;
      const far = connect(target, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      near.pipe(far).pipe(near);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const server = `https://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const client = harness.newClient({ server }, { connections: 1 });
    const seen = new Set<number>();
    const selection = { apiVersion: 'v1', kind: 'ConfigMap', namespace: harness.namespace, labelSelector: 'kind=many' };
    const informers = Array.from({ length: count }, (_, index) =>
      startInformer(client, selection, { onAddOrUpdate: () => void seen.add(index), onDelete: () => undefined }),
    );
    await Promise.all(informers.map((informer) => informer.synced));
    await harness.client.apply(configMap(harness.namespace, 'many', {}, { kind: 'many' }));
    await waitUntil(() => seen.size === count, { because: () => `${seen.size} watches received it` });
    expect(connections).toBeLessThanOrEqual(1 + Math.ceil(count / 100));
    await Promise.all(informers.map((informer) => informer.stop()));
    await client.close();
    proxy.close();
    await once(proxy, 'close');
  });
});

describe('a server without HTTP/2', () => {
  const folder = mkdtempSync(join(tmpdir(), 'runos-streams-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('sends shared streams over HTTP/1.1', async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const names = ['-subj', '/CN=api', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1'];
    execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const ca = readFileSync(cert, 'utf8');
    const server = createHttpsServer({ key: readFileSync(key), cert: ca }, (_, response) => response.end('a\nb\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const transport = new ApiTransport({ server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, ca });
    const lines: string[] = [];
    const { signal } = new AbortController();
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const stream = transport.streamLines({ path: '/x', signal, idleTimeoutMs: 5_000, shared: true });
      for await (const line of stream) lines.push(line);
    }
    expect(lines).toEqual(['a', 'b', 'a', 'b']);
    await transport.close();
    server.close();
  });
});
