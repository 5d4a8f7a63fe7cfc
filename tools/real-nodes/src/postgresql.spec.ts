import { beforeAll, expect, it, jest } from '@jest/globals';
import { eventually, jobTimeoutMs, type PlaneClient, valueAt } from '@runos/tool-e2e';
import { NodeTraces } from './node-traces.js';
import {
  answersAfterPowerCutMs,
  connectToRealPlane,
  cutPower,
  killAgent,
  onDemoNodes,
  ServiceUnderTest,
  sharedData,
} from './service-under-test.js';

jest.setTimeout(2 * jobTimeoutMs + 180_000);

onDemoNodes('PostgreSQL on real nodes', () => {
  let plane: PlaneClient;
  let orders: ServiceUnderTest;
  beforeAll(async () => {
    plane = await connectToRealPlane();
    orders = await ServiceUnderTest.create(plane, 'postgresql');
    await orders.firstAnswer(() => orders.psql('CREATE TABLE orders (id int)'));
    await orders.psql('INSERT INTO orders VALUES (42)');
  });

  /** The row is read by the address that the API answers, as soon as the database accepts connections again. */
  const rowIsThere = (withinMs = 180_000): Promise<unknown> =>
    eventually(
      'the row',
      async () => {
        const rows = await orders.psql('SELECT id FROM orders').catch((error: Error) => error.message);
        return rows === '42' ? true : undefined;
      },
      withinMs,
    );

  it('keeps its rows when its resources change', async () => {
    await orders.change({ resourceRequirementClassId: 'postgresql.c0.small' });
    await rowIsThere();
  });

  it('keeps its rows when its pod ends', async () => {
    await orders.deletePod(`${orders.namespace}-1`);
    await rowIsThere();
  });

  it('keeps its rows when another manager changes the cluster object, which is repaired', async () => {
    const resources = { limits: { memory: '1Gi' } };
    await plane.kubectl.patch(
      'clusters.postgresql.cnpg.io',
      orders.namespace,
      orders.namespace,
      { spec: { resources } },
      'someone',
    );
    await plane.event(orders.instance, ({ type }) => String(type).toLowerCase().includes('drift'));
    await eventually('the repaired memory limit', async () => {
      const live = await plane.kubectl.get('clusters.postgresql.cnpg.io', orders.namespace, orders.namespace);
      return valueAt(live, 'spec', 'resources', 'limits', 'memory') === '2Gi' ? true : undefined;
    });
    await rowIsThere();
  });

  it('is changed after the agent was killed', async () => {
    await killAgent(plane);
    await orders.change({ resourceRequirementClassId: 'postgresql.c0.beff' });
    await rowIsThere();
  });

  it('keeps its rows when its node loses power', async () => {
    await cutPower([await orders.nodeOf(`${orders.namespace}-1`)]);
    await rowIsThere(answersAfterPowerCutMs);
  });

  it('runs with the settings of a config set', async () => {
    const set = await plane.api.post(`/${plane.info.aid}/config-sets`, {
      name: 'tuned',
      type: 'postgresql',
      values: { shared_buffers: '96MB' },
    });
    expect(set.status).toBe(201);
    const tuned = await ServiceUnderTest.create(plane, 'postgresql', {
      configType: 'config_set',
      configSetId: set.body['setId'],
    });
    expect(await tuned.firstAnswer(() => tuned.psql('SHOW shared_buffers'))).toBe('96MB');
    await tuned.delete();
  });

  /** The pod as it is now. A job that has completed leaves a ready one. */
  const readyPod = async (): Promise<{ readonly uid: unknown; readonly cpuLimit: unknown }> => {
    const pod = await plane.kubectl.get('pod', `${orders.namespace}-1`, orders.namespace);
    const conditions = valueAt(pod, 'status', 'conditions');
    expect(conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
    expect(valueAt(pod, 'metadata', 'deletionTimestamp')).toBeUndefined();
    const cpuLimit = valueAt(pod, 'spec', 'containers', 0, 'resources', 'limits', 'cpu');
    return { uid: valueAt(pod, 'metadata', 'uid'), cpuLimit };
  };

  it('has another pod when the job of a restart is completed, each time', async () => {
    const uids = [(await readyPod()).uid];
    for (let restarts = 1; restarts <= 2; restarts += 1) {
      await orders.restart();
      uids.push((await readyPod()).uid);
    }
    expect(new Set(uids).size).toBe(3);
    await rowIsThere();
  });

  it('has a pod with the new limit when the job of the change is completed', async () => {
    await orders.change({ cpuLimitMc: 1400 });
    expect((await readyPod()).cpuLimit).toBe('1400m');
    await rowIsThere();
  });

  it('runs with a setting that it reads when it starts when the job of the change is completed', async () => {
    await orders.set({ max_connections: '200' });
    expect(await orders.firstAnswer(() => orders.psql('SHOW max_connections'))).toBe('200');
    await rowIsThere();
  });

  it('leaves nothing when it is deleted', async () => {
    // Since the connection of this client, the plane has started a node again.
    const traces = await NodeTraces.of(sharedData(), await connectToRealPlane(), orders.namespace);
    expect(traces.volumes).toHaveLength(1);
    const containers = 2; // the sandbox and PostgreSQL
    expect((await traces.find()).length).toBeGreaterThan(containers + traces.volumes.length);
    await orders.delete();
    const left = await plane.kubectl.run(['get', 'pods,pvc', '-A', '-o', 'name']);
    expect(left).not.toContain(orders.namespace);
    expect(await plane.kubectl.get('namespace', orders.namespace)).toBeUndefined();
    // The provisioner and the kubelets remove what is on the nodes some seconds after the objects.
    await eventually('the end of the volumes', async () => {
      const volumes = await plane.kubectl.run(['get', 'pv', '-o', 'name']);
      return traces.volumes.every((name) => !volumes.includes(name));
    });
    await eventually('nothing left on the nodes', async () => {
      const found = await traces.find();
      if (found.length > 0) throw new Error(`These are left: ${found.join(', ')}`);
      return true;
    });
  });
});
