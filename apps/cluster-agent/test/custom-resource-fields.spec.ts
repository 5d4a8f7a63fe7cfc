import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@runos/agent-protocol';
import { type KubeObject, mapAt, type ObjectRef } from '@runos/kube-objects';
import type { AgentAccess } from './agent-access.js';
import { bundleOf, newOsid, objectsOf, refIn, type Harness, useHarness } from './harness.js';

let access: AgentAccess;
let harness: Harness;
let postgresql: Bundle['osid'];
const foreign = { fieldManager: 'kubectl-edit' };
/** The operator applies this patch to each pod that it makes. */
const podPatch = { 'cnpg.io/podPatch': '[{"op":"add","path":"/spec/hostPID","value":true}]' };
const cluster = () => refIn(postgresql, 'postgresql.cnpg.io/v1', 'Cluster');
const live = (ref: ObjectRef): Promise<KubeObject> => access.admin.get(ref);
const edit = (ref: ObjectRef, patch: unknown) => access.admin.mergePatch(ref, patch, foreign);

useHarness((started) => ({ access, harness } = started), {
  conflicts: { delaysMs: [0, 10, 50, 300], resetAfterMs: 4_000 },
});

/** The fields that the foreign manager added, after the only drift of it was reported as repaired. */
async function repairedFields(osid: string): Promise<readonly string[]> {
  const found = await harness.waitForDrift(osid, ({ action }) => action === 'repaired');
  expect(found.manager).toBe(foreign.fieldManager);
  expect(harness.drifts(osid)).toEqual([found]);
  return found.fields;
}

describe('an addition to a custom resource', () => {
  beforeEach(async () => {
    postgresql = newOsid('postgresql');
    await harness.applyUntilReady(bundleOf(postgresql, 1, objectsOf(postgresql, { configValues: { jit: 'off' } })));
  });

  it('is removed from the fields that its kind declares exclusive', async () => {
    await edit(cluster(), { spec: { postgresql: { parameters: { fsync: 'off' } }, superuserSecret: { name: 'x' } } });
    expect([...(await repairedFields(postgresql))].sort()).toEqual([
      'spec.postgresql.parameters.fsync',
      'spec.superuserSecret',
    ]);
    const spec = mapAt(await live(cluster()), 'spec');
    expect(mapAt(spec, 'postgresql', 'parameters')).toEqual({ jit: 'off' });
    expect(spec).not.toHaveProperty('superuserSecret');
  });

  it('is removed from what decides backups, certificates and volumes', async () => {
    const name = 'x';
    await edit(cluster(), {
      spec: {
        backup: { retentionPolicy: '30d' },
        certificates: { serverTLSSecret: name, serverCASecret: name },
        postgresql: { enableAlterSystem: true },
        tablespaces: [{ name, storage: { size: '1Gi' } }],
        walStorage: { size: '1Gi' },
      },
    });
    expect([...(await repairedFields(postgresql))].sort()).toEqual([
      'spec.backup',
      'spec.certificates.serverCASecret',
      'spec.certificates.serverTLSSecret',
      'spec.postgresql.enableAlterSystem',
      'spec.tablespaces',
      'spec.walStorage',
    ]);
    expect(mapAt(await live(cluster()), 'spec')).not.toHaveProperty('walStorage');
  });

  it('is removed where we set nothing, and the operator may add its defaults there afterwards', async () => {
    const other = newOsid('postgresql');
    await harness.applyUntilReady(bundleOf(other, 1, objectsOf(other)));
    const ref = refIn(other, 'postgresql.cnpg.io/v1', 'Cluster');
    await edit(ref, { spec: { postgresql: { parameters: { fsync: 'off' } } } });
    expect(await repairedFields(other)).toEqual(['spec.postgresql.parameters.fsync']);
    const parameters = { wal_level: 'logical' };
    await access.admin.mergePatch(ref, { spec: { postgresql: { parameters } } }, { fieldManager: 'manager' });
    await edit(ref, { spec: { instances: 2 } });
    await harness.waitForDrift(other, ({ fields }) => fields.includes('spec.instances'));
    expect(harness.drifts(other)).toHaveLength(2);
    expect(mapAt(await live(ref), 'spec', 'postgresql', 'parameters')).toEqual(parameters);
  });

  it('is removed from the annotations that its kind declares exclusive, and others stay', async () => {
    await edit(cluster(), { metadata: { annotations: { ...podPatch, 'cnpg.io/hibernation': 'off', note: 'x' } } });
    expect(await repairedFields(postgresql)).toEqual(['metadata.annotations["cnpg.io/podPatch"]']);
    const { annotations } = (await live(cluster())).metadata;
    expect(annotations).toMatchObject({ 'cnpg.io/hibernation': 'off', note: 'x' });
    expect(annotations).not.toHaveProperty(['cnpg.io/podPatch']);
    expect(JSON.stringify(harness.statuses)).not.toContain('/spec/hostPID');
  });

  it('is reported only, under that policy, also in such an annotation', async () => {
    const objects = objectsOf(postgresql, { configValues: { jit: 'off' } });
    await harness.applyUntilReady(bundleOf(postgresql, 2, objects, 'report'));
    await edit(cluster(), { metadata: { annotations: podPatch } });
    const found = await harness.waitForDrift(postgresql, ({ manager }) => manager === foreign.fieldManager);
    expect(found).toMatchObject({ action: 'reported', fields: ['metadata.annotations["cnpg.io/podPatch"]'] });
    expect((await live(cluster())).metadata.annotations).toMatchObject(podPatch);
  });

  it('stays when its operator adds it as a default, or elsewhere', async () => {
    const operator = { fieldManager: 'manager' };
    const parameters = { archive_mode: 'on', wal_level: 'logical' };
    await access.admin.mergePatch(cluster(), { spec: { postgresql: { parameters } } }, operator);
    await edit(cluster(), { spec: { description: 'by hand', monitoring: { enablePodMonitor: true } } });
    await edit(cluster(), { spec: { instances: 2 } });
    await harness.waitForDrift(postgresql, ({ fields }) => fields.includes('spec.instances'));
    expect(harness.drifts(postgresql)).toHaveLength(1);
    expect(harness.additions(postgresql)).toMatchObject([{ fields: ['spec.description', 'spec.monitoring'] }]);
    const spec = mapAt(await live(cluster()), 'spec');
    expect(mapAt(spec, 'postgresql', 'parameters')).toEqual({ jit: 'off', ...parameters });
    expect(spec).toMatchObject({ description: 'by hand', monitoring: { enablePodMonitor: true } });
  });
});
