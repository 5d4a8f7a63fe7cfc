import { describe, expect, it } from '@jest/globals';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';
import { waitUntil } from '@runos/testing-process';
import type { Status } from '../src/status/plane-client.js';

let access: AgentAccess;
let harness: Harness;

useHarness((started) => ({ access, harness } = started));

const reportsLoss = ({ conditions }: Status) =>
  conditions.some(
    ({ type, status, message }) => type === 'DataLost' && status === 'True' && message.includes('deleted'),
  );

describe('a deleted object with data', () => {
  it('is a namespace: all objects are recreated after its end, and the loss is reported', async () => {
    const osid = newOsid();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const namespace = refIn(osid, 'v1', 'Namespace');
    const { uid } = (await access.admin.get(namespace)).metadata;
    await access.admin.delete(namespace);
    const ending = await harness.waitForStatus(osid, ({ objects }) =>
      objects.some((one) => one.kind === 'Namespace' && one.state === 'deleting'),
    );
    expect(ending.phase).toBe('applied');
    // The controller of namespaces takes long on a busy machine.
    const found = await harness.waitForDrift(osid, ({ object }) => object.kind === 'Namespace');
    expect(found).toMatchObject({ action: 'recreated', manager: null, fields: [] });
    // Pods of the rebuilt workload may still be listed when it is ready.
    await harness.waitForStatus(
      osid,
      (status) =>
        status.phase === 'ready' && reportsLoss(status) && status.objects.every(({ state }) => state === 'ready'),
    );
    expect((await access.admin.get(namespace)).metadata.uid).not.toBe(uid);
    expect(harness.drifts(osid)).toHaveLength(1);
    // The next bundle clears the condition.
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 700 })));
    expect(reportsLoss(harness.lastStatus(osid) as Status)).toBe(false);
  });

  it('is a PostgreSQL cluster', async () => {
    const osid = newOsid('postgresql');
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    await access.admin.delete(refIn(osid, 'postgresql.cnpg.io/v1', 'Cluster'));
    await harness.waitForDrift(osid, ({ object, action }) => object.kind === 'Cluster' && action === 'recreated');
    await harness.waitForStatus(osid, (status) => status.phase === 'ready' && reportsLoss(status));
  });

  it('is a claim that was deleted with its pod while no agent ran', async () => {
    const osid = newOsid();
    await harness.applyUntilReady(bundleOf(osid, 1, objectsOf(osid)));
    const claim = refIn(osid, 'v1', 'PersistentVolumeClaim', `data-${osid}-0`);
    const { uid } = (await access.admin.get(claim)).metadata;
    const isReplaced = async () => ![uid, undefined].includes((await access.admin.find(claim))?.metadata.uid);
    await harness.restart(async () => {
      await access.admin.delete(claim);
      await access.admin.delete(refIn(osid, 'v1', 'Pod', `${osid}-0`));
      await waitUntil(isReplaced, { because: () => 'the claim was not replaced' });
    });
    const isLoss = ({ object, action }: ReturnType<Harness['drifts']>[number]) =>
      object.kind === 'PersistentVolumeClaim' && action === 'recreated';
    await harness.waitForDrift(osid, isLoss);
    await harness.waitForStatus(osid, reportsLoss);
    const isAcknowledged = () => harness.controller.instances.get(osid)?.drifts.length === 0;
    await waitUntil(isAcknowledged, { because: () => 'the loss is not acknowledged' });
    await harness.restart();
    await harness.applyUntilReady(bundleOf(osid, 2, objectsOf(osid, { cpuLimitMc: 700 })));
    expect(harness.drifts(osid)).toEqual([]); // reported once
  });

  it('is a claim without an owner', async () => {
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
    await harness.waitForStatus(osid, reportsLoss);
  });
});
