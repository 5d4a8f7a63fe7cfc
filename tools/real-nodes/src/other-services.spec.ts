import { beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, type PlaneClient, valueAt } from '@runos/tool-e2e';
import { connectToRealPlane, jobTimeoutMs, onDemoNodes, ServiceUnderTest } from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

onDemoNodes('other services on real nodes', () => {
  let plane: PlaneClient;
  beforeAll(async () => {
    plane = await connectToRealPlane();
  });

  it('Valkey keeps its keys when its pod ends', async () => {
    const cache = await ServiceUnderTest.create(plane, 'valkey');
    expect(await cache.firstAnswer(() => cache.valkey('SET', 'order', '42'))).toBe('OK');
    await cache.deletePod(`${cache.namespace}-0`);
    const value = await eventually('the key', 120_000, async () => {
      const read = await cache.valkey('GET', 'order').catch(() => '');
      return read === '' ? undefined : read;
    });
    expect(value).toBe('42');
    await cache.delete();
  });

  it('a pod of another namespace resolves the name of a service, and connects to its address', async () => {
    const cache = await ServiceUnderTest.create(plane, 'valkey');
    const { namespace } = cache;
    const service = await plane.kubectl.get('service', namespace, namespace);
    const address = String(valueAt(service, 'spec', 'clusterIP'));
    const server = await plane.kubectl.get('pod', `${namespace}-0`, namespace);
    const container = { name: 'main', image: valueAt(server, 'spec', 'containers', 0, 'image') };
    const client = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client', namespace: 'default' },
      spec: { containers: [{ ...container, command: ['sleep', '600'] }], terminationGracePeriodSeconds: 0 },
    };
    await plane.kubectl.apply([client], 'tester');
    await plane.kubectl.run(['wait', '--for=condition=Ready', 'pod/client', '-n', 'default', '--timeout=60s']);
    const inPod = (...command: string[]): Promise<string> =>
      plane.kubectl.run(['exec', 'client', '-n', 'default', '--', ...command]);
    const resolved = await inPod('getent', 'ahostsv4', `${namespace}.${namespace}.svc.cluster.local`);
    expect(resolved.split(/\s/)[0]).toBe(address);
    const { password } = await cache.credentials();
    const ping = ['valkey-cli', '-h', address, '-a', String(password), '--no-auth-warning', 'PING'];
    expect(await cache.firstAnswer(() => inPod(...ping))).toBe('PONG\n');
    await plane.kubectl.run(['delete', 'pod', 'client', '-n', 'default']);
    await cache.delete();
  });

  it('RabbitMQ keeps its messages when its pod ends', async () => {
    const queue = await ServiceUnderTest.create(plane, 'rabbitmq');
    const pod = `${queue.namespace}-0`;
    const { username, password, managementUrl } = await queue.credentials();
    const service = await plane.kubectl.get('service', queue.namespace, queue.namespace);
    // This machine reaches services by address; their names resolve in the cluster alone.
    const api = new URL(String(managementUrl));
    api.hostname = String(valueAt(service, 'spec', 'clusterIP'));
    const authorization = `Basic ${Buffer.from(`${String(username)}:${String(password)}`).toString('base64')}`;
    const admin = async (method: string, path: string, body: object): Promise<string> => {
      const headers = { authorization, 'content-type': 'application/json' };
      const reply = await fetch(new URL(`/api/${path}`, api), { method, headers, body: JSON.stringify(body) });
      if (!reply.ok) throw new Error(`${path} answered ${reply.status}: ${await reply.text()}`);
      return reply.text();
    };
    await queue.firstAnswer(() => admin('PUT', 'queues/%2F/orders', { durable: true }));
    const properties = { delivery_mode: 2 };
    const message = { properties, routing_key: 'orders', payload: '42', payload_encoding: 'string' };
    expect(await admin('POST', 'exchanges/%2F/amq.default/publish', message)).toContain('"routed":true');
    await queue.deletePod(pod);
    const get = { count: 1, ackmode: 'ack_requeue_false', encoding: 'auto' };
    const read = await eventually('the message', 120_000, async () => {
      const found = await admin('POST', 'queues/%2F/orders/get', get).catch(() => '');
      return found.includes('payload') ? found : undefined;
    });
    expect(JSON.parse(read)).toMatchObject([{ payload: '42' }]);
    await queue.delete();
  });

  it('a job names the words of the runtime when an image does not exist', async () => {
    const instance = await plane.request('postgresql', { name: 'no-image', version: '16' });
    const seen = await eventually('the reason', 120_000, async () => {
      const { message } = await plane.show(instance);
      return /pull|not found|resolve/i.test(String(message)) ? String(message) : undefined;
    });
    expect(seen).toMatch(/postgresql:16/);
    const { body } = await plane.api.delete(instance.path);
    await plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  });

  it('reports an instance that fits on no node', async () => {
    const size = { cpuRequestMc: 60_000, cpuLimitMc: 60_000, memoryRequestMb: 512, memoryLimitMb: 512 };
    const instance = await plane.request('valkey', { name: 'too-large', ...size });
    const seen = await eventually('the reason', 120_000, async () => {
      const { message } = await plane.show(instance);
      return /cpu/i.test(String(message)) ? String(message) : undefined;
    });
    expect(seen).toMatch(/insufficient cpu|nodes/i);
    const { body } = await plane.api.delete(instance.path);
    await plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  });
});
