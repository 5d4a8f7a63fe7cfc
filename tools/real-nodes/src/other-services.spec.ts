import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { imagesFor, serviceImages } from '@runos/testing-images';
import { type MachineProbe, wherePossible } from '@runos/testing-kube';
import { eventually, jobTimeoutMs, type PlaneClient, valueAt } from '@runos/tool-e2e';
import { MessageQueue } from './message-queue.js';
import {
  answersAfterPowerCutMs,
  connectToRealPlane,
  cutPower,
  killAgent,
  onDemoNodes,
  ServiceUnderTest,
} from './service-under-test.js';

jest.setTimeout(jobTimeoutMs + 120_000);

/** A version whose image cannot be made. Where its registry answers, no image of the catalog is missing. */
const version = '16';
const missing = serviceImages().find((image) => image.type === 'postgresql' && image.version === version);
const sources = await imagesFor(missing ? [missing.reference] : []);
const missingImage: MachineProbe = sources.some(({ source }) => source === 'none')
  ? { possible: true }
  : { possible: false, reason: 'every image of the catalog is available' };

onDemoNodes('other services on real nodes', () => {
  let plane: PlaneClient;
  let cache: ServiceUnderTest;
  let messages: MessageQueue;
  const services = (): ServiceUnderTest[] => [cache, messages.service];
  beforeAll(async () => {
    plane = await connectToRealPlane();
    const [valkey, rabbitmq] = await Promise.all([
      ServiceUnderTest.create(plane, 'valkey'),
      ServiceUnderTest.create(plane, 'rabbitmq'),
    ]);
    cache = valkey;
    messages = new MessageQueue(rabbitmq);
    expect(await cache.firstAnswer(() => cache.valkey('SET', 'order', '42'))).toBe('OK');
    await eventually('an accepted message', async () => (await messages.send('42'), true));
  });
  afterAll(() => Promise.all([cache?.delete(), messages?.service.delete()]));

  /** Each value as its own client reads it, once the service answers again. */
  const valuesAreThere = async (withinMs = 180_000): Promise<void> => {
    const read = async (what: string, request: () => Promise<string | undefined>): Promise<string> =>
      eventually(what, async () => (await request().catch(() => '')) || undefined, withinMs);
    const values = await Promise.all([
      read('the key', () => cache.valkey('GET', 'order')),
      read('the message', () => messages.read()),
    ]);
    expect(values).toEqual(['42', '42']);
  };

  it('keep their data when the agent is killed and their resources change', async () => {
    await killAgent(plane);
    await Promise.all(services().map((service) => service.change({ cpuLimitMc: 900 })));
    await valuesAreThere();
  });

  it('keep their data when they are restarted', async () => {
    const uids = (): Promise<unknown[]> => Promise.all(services().map((service) => service.uidOf(service.firstPod)));
    const before = await uids();
    await Promise.all(services().map((service) => service.restart()));
    const after = await uids();
    after.forEach((uid, index) => expect(uid).not.toBe(before[index]));
    await valuesAreThere();
  });

  it('answer again after another manager has cut off their services, which is repaired', async () => {
    const spec = { selector: { intruder: 'true' } };
    await Promise.all(
      services().map(async ({ namespace, instance }) => {
        await plane.kubectl.patch('service', namespace, namespace, { spec }, 'someone');
        await plane.event(instance, ({ type }) => String(type).toLowerCase().includes('drift'));
      }),
    );
    await valuesAreThere();
  });

  it('keep their data when their nodes lose power', async () => {
    await cutPower(await Promise.all(services().map((service) => service.nodeOf(service.firstPod))));
    await valuesAreThere(answersAfterPowerCutMs);
  });

  it('a pod of another namespace resolves the name of a service, and connects to its address', async () => {
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
    await plane.kubectl.run(['wait', '--for=condition=Ready', 'pod/client', '-n', 'default', '--timeout=180s']);
    const inPod = (...command: string[]): Promise<string> =>
      plane.kubectl.run(['exec', 'client', '-n', 'default', '--', ...command]);
    // The node of a new pod may still learn the way to the name server.
    const name = `${namespace}.${namespace}.svc.cluster.local`;
    const resolved = await cache.firstAnswer(() => inPod('getent', 'ahostsv4', name));
    expect(resolved.split(/\s/)[0]).toBe(address);
    const { password } = await cache.credentials();
    const ping = ['valkey-cli', '-h', address, '-a', String(password), '--no-auth-warning', 'PING'];
    expect(await cache.firstAnswer(() => inPod(...ping))).toBe('PONG\n');
    await plane.kubectl.run(['delete', 'pod', 'client', '-n', 'default']);
  });

  wherePossible(it, missingImage)('a job quotes the runtime about an image that a node cannot pull', async () => {
    const instance = await plane.request('postgresql', { name: 'no-image', version });
    const seen = await eventually(
      'the reason in the log of the job',
      async () => (await plane.api.logs(instance.jobId)).find((line) => line.includes('cannot pull')),
      120_000,
    );
    // containerd names the registry's host in each of its messages.
    const registry = missing?.reference.split('/', 1)[0];
    expect(seen).toMatch(
      new RegExp(`cannot pull ${missing?.reference} from registry \\S+: \\S.*${registry}.*\\. Check that`),
    );
    await eventually('the reason of the job', async () => {
      const job = (await plane.api.get(`/jobs/${instance.jobId}`)).body;
      return ['ErrImagePull', 'ImagePullBackOff'].includes(String(job['reason']));
    });
    const { body } = await plane.api.delete(instance.path);
    await plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  });

  it('reports an instance that fits on no node', async () => {
    const size = { cpuRequestMc: 60_000, cpuLimitMc: 60_000, memoryRequestMb: 512, memoryLimitMb: 512 };
    const instance = await plane.request('valkey', { name: 'too-large', ...size });
    const seen = await eventually(
      'the reason',
      async () => {
        const shown = await plane.show(instance);
        return shown['reason'] === 'Unschedulable' && shown;
      },
      120_000,
    );
    expect(seen).toMatchObject({ status: 'applying', message: expect.stringMatching(/insufficient cpu/i) });
    const { body } = await plane.api.delete(instance.path);
    await plane.waitForCompletion(body['jobId'], jobTimeoutMs);
  });
});
