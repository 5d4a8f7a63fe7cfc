import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { type Instance, connectToSharedPlane, type PlaneClient } from './plane-client.js';
import { valueAt } from './value-at.js';

const contentOf = (text: string, name = 'tuned') => ({
  name,
  enabled: true,
  data: Buffer.from(text).toString('base64'),
});
const sized = (seconds: number): string =>
  `# Seconds\r\nspec:\r\n  template: {spec: {terminationGracePeriodSeconds: ${seconds}}}\r\n`;

/** An instance with the paths of its overrides and its events, and its workload. */
interface Overridden {
  readonly path: string;
  readonly osid: string;
  readonly kind: string;
}

describe('an override', () => {
  let planeClient: PlaneClient;
  const instances = new Map<string, Overridden>();
  beforeAll(async () => {
    planeClient = await connectToSharedPlane();
    const { api, info } = planeClient;
    const valkey: Instance = await planeClient.create('valkey', { name: 'overridden' });
    const apps = `/${info.aid}/${info.cid}/apps`;
    const { body } = await api.post(apps, { name: 'overridden', image: 'docker.io/library/shop:1' });
    await planeClient.waitForCompletion(body['jobId']);
    instances.set('service', { ...valkey, kind: 'statefulset' });
    instances.set('app', { path: `${apps}/${String(body['id'])}`, osid: String(body['osid']), kind: 'deployment' });
  });

  const of = (name: string): Overridden => instances.get(name) as Overridden;
  const seconds = async ({ kind, osid }: Overridden): Promise<unknown> => {
    const pod = ['spec', 'template', 'spec', 'terminationGracePeriodSeconds'] as const;
    return valueAt(await planeClient.kubectl.get(kind, osid, osid), ...pod);
  };

  it.each(['service', 'app'])(
    'of %s is applied, drift on it is repaired, and its deletion restores the object',
    async (name) => {
      const { api, kubectl } = planeClient;
      const one = of(name);
      const before = await seconds(one);
      const created = await api.post(`${one.path}/overrides`, contentOf(sized(77)));
      expect(created).toMatchObject({ status: 202, body: { overrideId: expect.any(String) } });
      await planeClient.waitForCompletion(created.body['jobId']);
      expect(await seconds(one)).toBe(77);
      const id = String(created.body['overrideId']);
      expect((await api.get(`${one.path}/overrides`)).body).toEqual({ overrides: [{ id, ...contentOf(sized(77)) }] });

      const foreign = { spec: { template: { spec: { terminationGracePeriodSeconds: 5 } } } };
      await kubectl.patch(one.kind, one.osid, one.osid, foreign, 'other-manager');
      await eventually('the override to be restored', async () => (await seconds(one)) === 77);
      await eventually('the event', async () => {
        const events = (await api.get(`${one.path}/events`)).body['events'] as Record<string, unknown>[];
        return events.find(({ type, manager }) => type === 'DriftRepaired' && manager === 'other-manager');
      });

      const updated = await api.send('PUT', `${one.path}/overrides/${id}`, contentOf(sized(78)));
      await planeClient.waitForCompletion(updated.body['jobId']);
      expect(await seconds(one)).toBe(78);
      const deleted = await api.send('DELETE', `${one.path}/overrides/${id}`);
      await planeClient.waitForCompletion(deleted.body['jobId']);
      expect(await seconds(one)).toBe(before);
    },
  );

  it.each([
    [
      'service',
      'spec: {podManagementPolicy: OrderedReady}',
      /cannot change spec\.podManagementPolicy of StatefulSet .* in place/,
    ],
    ['app', 'spec: {minReadySeconds: -1}', /Deployment .*must be greater than or equal to 0/],
  ])('of %s is refused in the words of the cluster if that would not take it', async (name, text, words) => {
    const { path } = of(name);
    const answer = await planeClient.api.post(`${path}/overrides`, contentOf(text));
    expect([answer.status, answer.body]).toEqual([
      400,
      expect.objectContaining({ code: 'override.invalid', error: expect.stringMatching(words) }),
    ]);
    expect((await planeClient.api.get(`${path}/overrides`)).body).toEqual({ overrides: [] });
  });

  it.each([
    ['a node', 'spec: {template: {spec: {hostPID: true}}}'],
    ['a volume of the node', 'spec: {template: {spec: {volumes: [{name: a, hostPath: {path: /}}]}}}'],
    ['another service account', 'spec: {template: {spec: {serviceAccountName: other}}}'],
    ['traffic of others', 'kind: Service\nspec: {externalIPs: [192.0.2.1]}'],
    ['another namespace', 'metadata: {namespace: kube-system}'],
  ])('cannot reach %s', async (_, text) => {
    for (const { path } of instances.values()) {
      const { body: list } = await planeClient.api.get(`${path}/overrides`);
      const answer = await planeClient.api.post(`${path}/overrides`, contentOf(text));
      // The app has no ports, so no Service.
      expect([answer.status, answer.body['code']]).toEqual([400, 'override.invalid']);
      expect((await planeClient.api.get(`${path}/overrides`)).body).toEqual(list);
    }
  });
});
