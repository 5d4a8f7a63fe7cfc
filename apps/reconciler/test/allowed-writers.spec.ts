import { describe, expect, it } from '@jest/globals';
import { bucketHashes, bucketOf, type ResyncEntry, rootOf } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { type Harness, useHarness } from './harness.js';

let harness: Harness;
useHarness((started) => (harness = started));

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

describe('an agent that is too old for allowed writers', () => {
  const older = ['bundles/1', 'bundles/2'];
  const newer = [...older, 'bundles/3'];
  const conditionOf = async (one: One) =>
    (await show(one)).conditions.find(({ type }) => type === 'AllowedWritersApplied');
  /** What an agent stores of an instance; an older one drops the digest, as all that it does not know. */
  function entryOf(one: One, { isOlder = false } = {}): ResyncEntry {
    const { revision, digest, writersDigest } = bundleOf(one);
    const entry = { osid: one.osid as ResyncEntry['osid'], revision, digest };
    return isOlder || writersDigest === undefined ? entry : { ...entry, writersDigest };
  }

  it('is shown with each instance that has a list, until it is upgraded', async () => {
    const { agent } = harness;
    await agent.connect({ capabilities: older });
    const [one, other] = [await create({ allowedWriters: [scaler] }), await create({})];
    const condition = await conditionOf(one);
    expect(condition).toMatchObject({ status: 'False', reason: 'AgentTooOld', observedGeneration: 1 });
    expect(condition?.message).toContain(`agent of cluster ${harness.cid}`);
    expect(await conditionOf(other)).toBeUndefined();
    await agent.connect({ capabilities: newer });
    expect(await conditionOf(one)).toBeUndefined();
    await agent.connect({ capabilities: older });
    await agent.disconnect();
    expect(await conditionOf(one)).toBeUndefined();
    await agent.connect({ capabilities: newer });
  });

  it('names a change in the job that is only in fields left to others', async () => {
    const mesh = { manager: 'mesh', kind: 'StatefulSet', fields: ['spec.template.spec.containers[]'] };
    const one = await create({ allowedWriters: [mesh] });
    const linesOf = async (fields: Record<string, unknown>) => {
      const { jobId } = (await update(one, fields)) as { jobId: string };
      await harness.jobs.ended(jobId);
      return harness.jobs.linesOf(jobId);
    };
    const line = `The change of StatefulSet ${one.osid} is only in fields that are left to mesh: nothing of it is applied.`;
    expect(await linesOf({ cpuLimitMc: 700 })).toContain(line);
    expect(await linesOf({ cpuLimitMc: 800, replicas: 2 })).not.toContain(line);
  });

  it('shows the desired replicas of the live object where a scaler writes them, and else those of the spec', async () => {
    const [scaled, own] = [await create({ allowedWriters: [scaler] }), await create({})];
    for (const one of [scaled, own]) {
      await harness.agent.report(harness.agent.bundleOf(one.osid), 'ready', { replicas: { desired: 5, ready: 4 } });
    }
    const replicasOf = async (one: One) => (await harness.request(reconciler.showInstanceStatus, one)).replicas;
    expect(await replicasOf(scaled)).toEqual({ desired: 5, ready: 4 });
    expect(await replicasOf(own)).toEqual({ desired: 1, ready: 4 });
  });

  it('gets the list of the same revision by its first resync after the upgrade', async () => {
    const { agent } = harness;
    const one = await create({ allowedWriters: [scaler] });
    const all = [...agent.stored.keys()].filter((osid) => osid !== one.osid);
    const rest = all.map((osid) => entryOf({ ...one, osid }));
    const before = [...rest.map(({ writersDigest: _, ...entry }) => entry), entryOf(one, { isOlder: true })];
    const after = [...rest, entryOf(one)];
    const count = after.length;
    const rootStep = (entries: ResyncEntry[], writers?: boolean) =>
      agent.resync({ step: 'root', count, root: rootOf(entries), writers });
    expect(await rootStep(before)).toEqual({ equal: true });
    expect(await rootStep(before, true)).toEqual({ equal: false });
    expect(await rootStep(after, true)).toEqual({ equal: true });

    const bucket = bucketOf(one.osid);
    const upgraded = [...rest, entryOf(one, { isOlder: true })];
    const step = { step: 'buckets' as const, buckets: bucketHashes(upgraded), writers: true };
    expect(await agent.resync(step)).toEqual({ differing: [bucket] });
    const list = { step: 'list' as const, buckets: [bucket], last: true };
    const inBucket = (entries: ResyncEntry[]) => entries.filter(({ osid }) => bucketOf(osid) === bucket);
    await agent.idle();
    const delivered = agent.instructions.length;
    await agent.resync({ ...list, entries: inBucket(before) });
    await agent.resync({ ...list, entries: inBucket(after), writers: true });
    await agent.idle();
    expect(agent.instructions).toHaveLength(delivered);
    const { revision, writersDigest } = bundleOf(one);
    const again = new Promise<void>((resolve) => {
      const report = agent.onBundle;
      agent.onBundle = async (bundle) => {
        agent.onBundle = report;
        resolve();
        await report(bundle);
      };
    });
    await agent.resync({ ...list, entries: inBucket(upgraded), writers: true });
    await again;
    expect(agent.instructions.at(-1)).toMatchObject({
      osid: one.osid,
      revision,
      allowedWriters: [scaler],
      writersDigest,
    });
  });
});
