import { beforeEach, describe, expect, it } from '@jest/globals';
import { bundlesCapability, plansCapability } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { type Harness, type Instance, useHarness } from './harness.js';
import { image } from './planned-writes.js';

describe('the changes in a plan', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  beforeEach(async () => {
    await harness.agent.connect({ capabilities: [bundlesCapability, plansCapability] });
    harness.agent.onDiff = () => ({ objects: [] });
  });

  const plan = (one: Instance, fields: Record<string, unknown>) =>
    harness.request(reconciler.updateInstance.plan, { ...one, fields });

  it('have the fields of the sources, which make no revision', async () => {
    const fields = { image, sourceDir: '..', buildArgs: { MODE: 'fast' } };
    const created = await harness.request(reconciler.createInstance.plan, { cid: harness.cid, type: 'app', fields });
    expect(created.changes).toEqual(
      expect.arrayContaining([
        { field: 'sourceDir', before: null, after: '..' },
        { field: 'buildArgs', before: null, after: { MODE: 'fast' } },
      ]),
    );
    const one = await harness.create('app', fields);
    expect(await plan(one, { sourceDir: 'shop', buildArgs: {} })).toMatchObject({
      noOp: false,
      changes: [
        { field: 'buildArgs', before: { MODE: 'fast' }, after: null },
        { field: 'sourceDir', before: '..', after: 'shop' },
      ],
    });
    const both = await plan(one, { image: 'ghcr.io/acme/shop:1.5', sourceDir: 'shop' });
    expect(both.changes.map(({ field }) => field)).toEqual(['image', 'sourceDir']);
    expect(await plan(one, { sourceDir: '..' })).toMatchObject({ noOp: true, changes: [] });
  });

  it('end no pod for more storage alone', async () => {
    const one = await harness.create('postgresql', { storageMb: 20_480 });
    expect(await plan(one, { storageMb: 30_720 })).toMatchObject({ noOp: false, restartsPods: false });
    expect(await plan(one, { storageMb: 30_720, memoryLimitMb: 4_096 })).toMatchObject({ restartsPods: true });
  });

  it('name each field of an object once', async () => {
    const one = await harness.create('app', { image });
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: one.osid, name: one.osid };
    const path = 'spec.template.spec.containers[name=app].args';
    const changes = [
      { path, live: ['a'], wanted: ['b'] },
      { path: 'spec.replicas', live: 1, wanted: 2 },
      { path, live: ['a'], wanted: null },
    ];
    harness.agent.onDiff = () => ({ objects: [{ object, action: 'changed', changes }] });
    const { objects } = await plan(one, { image: 'ghcr.io/acme/shop:1.5' });
    expect(objects[0]?.changes).toEqual([
      { field: path, before: ['a'], after: null },
      { field: 'spec.replicas', before: 1, after: 2 },
    ]);
  });
});
