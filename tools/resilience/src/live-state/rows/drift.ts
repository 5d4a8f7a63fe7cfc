import { type Instance, type PlaneClient, valueAt } from '@runos/tool-e2e';
import type { Row } from '../row.js';
import { eventOf, jsonPatch, namesAt, remove, repairOf, seen, statusOnce } from '../steps.js';
import type { RowResult } from '../row-result.js';

const containers = ['spec', 'template', 'spec', 'containers'] as const;
const container = '/spec/template/spec/containers/0';

const renamedContainer: Row = {
  id: 'F2',
  input: 'rename a container by a JSON patch',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f2' });
    const { osid } = instance;
    await jsonPatch(plane, 'statefulset', osid, osid, { op: 'replace', path: `${container}/name`, value: 'renamed' });
    const event = await repairOf(plane, instance, 'containers[name=renamed]');
    result.compare('event', event?.['message'], /changed .*containers\[name=renamed\].*; it was repaired/);
    result.compare('containers', await namesAt(plane, 'statefulset', instance, ...containers), ['valkey']);
    await remove(plane, instance);
  },
};

/** An addition by hand to an exclusive field. */
interface Addition {
  readonly kind: string;
  readonly name: string;
  readonly patch: object;
  readonly field: string;
}

const additionsOf = ({ osid }: Instance): readonly Addition[] => [
  { kind: 'service', name: osid, patch: { spec: { externalIPs: ['192.0.2.1'] } }, field: 'spec.externalIPs' },
  { kind: 'configmap', name: `${osid}-config`, patch: { data: { extra: 'x' } }, field: 'data.extra' },
  { kind: 'secret', name: `${osid}-credentials`, patch: { data: { extra: 'eA==' } }, field: 'data.extra' },
];

const additions: Row = {
  id: 'F3',
  input: 'add parameters, a superuser secret, external addresses, a variable and keys by hand',
  async run({ plane }, result) {
    const cache = await plane.create('valkey', { name: 'live-f3' });
    for (const { kind, name, patch, field } of additionsOf(cache)) {
      await plane.kubectl.patch(kind, name, cache.osid, patch, 'someone');
      const event = await repairOf(plane, cache, field);
      result.compare(`event of the ${kind}`, [event?.['manager'], event?.['fields']], ['someone', [field]]);
      const live = JSON.stringify(await plane.kubectl.get(kind, name, cache.osid));
      result.compare(`live ${kind} without it`, /192\.0\.2\.1|"extra":/.test(live), false);
    }
    const variable = { op: 'add', path: `${container}/env/-`, value: { name: 'EXTRA', value: 'x' } };
    await jsonPatch(plane, 'statefulset', cache.osid, cache.osid, variable);
    result.compare(
      'event of the variable',
      (await repairOf(plane, cache, 'env[name=EXTRA]'))?.['type'],
      'DriftRepaired',
    );
    await compareDatabase(plane, result);
    await remove(plane, cache);
  },
};

async function compareDatabase(plane: PlaneClient, result: RowResult): Promise<void> {
  const database = await plane.create('postgresql', { name: 'live-f3' });
  const { osid } = database;
  const kind = 'clusters.postgresql.cnpg.io';
  const spec = { postgresql: { parameters: { fsync: 'off' } }, superuserSecret: { name: 'foreign' } };
  await plane.kubectl.patch(kind, osid, osid, { spec }, 'someone');
  for (const field of ['spec.postgresql.parameters.fsync', 'spec.superuserSecret']) {
    result.compare(`event of ${field}`, (await repairOf(plane, database, field))?.['manager'], 'someone');
  }
  const live = await plane.kubectl.get(kind, osid, osid);
  result.compare('live fsync', valueAt(live, 'spec', 'postgresql', 'parameters', 'fsync'), undefined);
  await remove(plane, database);
}

const secondVariable: Row = {
  id: 'F12',
  input: 'add a second variable with the name of ours',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f12' });
    const { osid } = instance;
    const env = [...containers, 0, 'env'];
    const before = await namesAt(plane, 'statefulset', instance, ...env);
    const value = { name: String(before[0]), value: 'x' };
    await jsonPatch(plane, 'statefulset', osid, osid, { op: 'add', path: `${container}/env/-`, value });
    const event = await repairOf(plane, instance, `env[name=${String(before[0])}]`);
    result.compare('event', event?.['type'], 'DriftRepaired');
    result.compare('variables', await namesAt(plane, 'statefulset', instance, ...env), before);
    await remove(plane, instance);
  },
};

const scaledUnderReport: Row = {
  id: 'F5',
  input: 'scale to 0 by hand under the drift policy report',
  async run({ plane }, result) {
    const instance = await plane.create('valkey', { name: 'live-f5', replicas: 3, driftPolicy: 'report' });
    const { osid, path } = instance;
    const scale = (replicas: number) =>
      plane.kubectl.run(['scale', 'statefulset', osid, '-n', osid, `--replicas=${replicas}`]);
    const replicas = async () => (await plane.api.get(`${path}/status`)).body['replicas'] as { ready: number };
    await scale(0);
    result.compare('status at 0', (await statusOnce(plane, instance, 'unhealthy'))['status'], 'unhealthy');
    const fell = await eventOf(
      plane,
      instance,
      ({ type, message }) => type === 'StateChanged' && /to unhealthy/.test(String(message)),
    );
    result.compare('event at 0', fell?.['message'], /ScaledDown|0 of 3 desired replicas/);
    result.compare('replicas at 0', await seen(replicas, ({ ready }) => ready === 0), { desired: 3, ready: 0 });
    await scale(2);
    result.compare('status at 2', (await statusOnce(plane, instance, 'degraded'))['status'], 'degraded');
    result.compare('replicas at 2', await seen(replicas, ({ ready }) => ready === 2), { desired: 3, ready: 2 });
    await remove(plane, instance);
  },
};

export const driftRows: readonly Row[] = [renamedContainer, additions, secondVariable, scaledUnderReport];
