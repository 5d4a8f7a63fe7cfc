import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { type Harness, startHarness } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 30_000);
afterAll(() => harness.stop());

const scaler = { manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] };

async function create(fields: Record<string, unknown>) {
  const made = await harness.request(reconciler.createInstance, { cid: harness.cid, type: 'valkey', fields });
  await harness.jobs.ended(made.jobId);
  return { cid: harness.cid, type: 'valkey', id: made.id, osid: made.osid };
}
type One = Awaited<ReturnType<typeof create>>;
const show = (one: One) => harness.request(reconciler.showInstance, one);
const update = (one: One, fields: Record<string, unknown>) =>
  harness.request(reconciler.updateInstance, { ...one, fields });
async function change(one: One, fields: Record<string, unknown>): Promise<void> {
  await harness.jobs.ended(((await update(one, fields)) as { jobId: string }).jobId);
}
const bundleOf = ({ osid }: One) => harness.agent.bundleOf(osid);

describe('the field managers that an instance allows', () => {
  it('are shown, and travel with the bundle and its revision', async () => {
    const one = await create({ allowedWriters: [scaler] });
    expect(await show(one)).toMatchObject({ allowedWriters: [scaler], generation: 1 });
    expect(bundleOf(one).allowedWriters).toEqual([scaler]);
    await change(one, { cpuLimitMc: 700 });
    expect(bundleOf(one)).toMatchObject({ revision: 2, allowedWriters: [scaler] });
  });

  it('are changed by a job, with the same objects', async () => {
    const one = await create({});
    expect((await show(one)).allowedWriters).toEqual([]);
    const { digest, ...before } = bundleOf(one);
    expect(before).not.toHaveProperty('allowedWriters');
    await change(one, { allowedWriters: [scaler] });
    expect(bundleOf(one)).toMatchObject({ revision: 2, digest, allowedWriters: [scaler] });
    expect(await update(one, { allowedWriters: [scaler] })).toMatchObject({ noOp: true });
    await change(one, { allowedWriters: [] });
    expect(bundleOf(one)).toMatchObject({ revision: 3, digest });
    expect(bundleOf(one)).not.toHaveProperty('allowedWriters');
    expect(await update(one, { allowedWriters: [] })).toMatchObject({ noOp: true });
  });
});
