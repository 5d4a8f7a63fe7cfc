import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AgentAccess, agentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, Harness } from './harness.js';
import type { Status } from '../src/status/plane-client.js';

let access: AgentAccess;
let harness: Harness;

beforeAll(async () => {
  access = await agentAccess();
  harness = await new Harness(access).start();
}, 900_000);

afterAll(async () => {
  await harness?.stop();
  await access?.stop();
});

const saysLost = ({ conditions }: Status) =>
  conditions.some(
    ({ type, status, message }) => type === 'DataLost' && status === 'True' && message.includes('deleted'),
  );

describe('what held data and was deleted by somebody', () => {
  it('is a namespace: everything is built anew once Kubernetes has finished, and the loss is told', async () => {
    const osid = newOsid();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const namespace = refIn(osid, 'v1', 'Namespace');
    const { uid } = (await access.admin.get(namespace)).metadata;
    await access.admin.delete(namespace);
    const ending = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some((one) => one.kind === 'Namespace' && one.state === 'deleting'),
    );
    expect(ending.phase).toBe('applied');
    const found = await harness.waitForDrift(osid, ({ object }) => object.kind === 'Namespace');
    expect(found).toMatchObject({ action: 'recreated', manager: null, fields: [] });
    const again = await harness.waitForStatus(osid, (status) => status.phase === 'ready' && saysLost(status), 30_000);
    expect(again.objects.every(({ state }) => state === 'ready')).toBe(true);
    expect((await access.admin.get(namespace)).metadata.uid).not.toBe(uid);
    expect(harness.drifts(osid)).toHaveLength(1);
    // The next wish starts with a clean slate.
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 700 })));
    expect(saysLost(harness.statuses.filter((status) => status.osid === osid).at(-1) as Status)).toBe(false);
  }, 60_000);

  it('is a PostgreSQL cluster', async () => {
    const osid = newOsid('postgresql');
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await access.admin.delete(refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster'));
    await harness.waitForDrift(osid, ({ object, action }) => object.kind === 'Cluster' && action === 'recreated');
    await harness.waitForStatus(osid, (status) => status.phase === 'ready' && saysLost(status));
  }, 60_000);

  it('is a claim that nothing owns', async () => {
    const osid = newOsid();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await access.admin.mergePatch(
      refIn(osid, 'apps/v1', 'StatefulSet'),
      { spec: { replicas: 0 } },
      { fieldManager: 'x' },
    );
    await access.admin.delete(refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`));
    await access.admin.delete(refIn(osid, 'v1', 'Pod', `${osid}-0`));
    await harness.waitForDrift(
      osid,
      ({ object, action }) => object.kind === 'PersistentVolumeClaim' && action === 'recreated',
    );
    await harness.waitForStatus(osid, saysLost);
  }, 60_000);
});
