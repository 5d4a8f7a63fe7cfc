import { describe, expect, it } from '@jest/globals';
import { type ResyncEntry, rootOf } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { type Harness, type Instance, useHarness } from './harness.js';

let harness: Harness;
useHarness((started) => (harness = started));

const scaler = { manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] };
const mesh = { manager: 'mesh', kind: 'StatefulSet', fields: ['spec.template.spec.containers[name=proxy]'] };
const pooler = { manager: 'pooler', kind: 'Cluster', fields: ['spec.instances'] };

const show = () => harness.request(reconciler.showCluster, { cid: harness.cid });
const update = (changes: object, more: object = {}) =>
  harness.request(reconciler.updateCluster, { cid: harness.cid, changes, ...more });
const bundleOf = ({ osid }: Instance) => harness.agent.bundleOf(osid);
const writersOf = (one: Instance) => bundleOf(one).allowedWriters ?? [];
/** Sets the list, and waits until everything is delivered. */
async function allow(allowedWriters: object[]): Promise<void> {
  await update({ allowedWriters });
  await settled();
}
async function settled(): Promise<void> {
  const isOpen = 'SELECT 1 FROM work WHERE delivered_revision < revision OR lease_expires_at IS NOT NULL';
  await waitUntil(async () => (await harness.sql(isOpen)).length === 0, {
    because: () => 'not everything is delivered',
  });
  await harness.agent.idle();
}

describe('the field managers that a cluster allows', () => {
  it('are shown, and added to the bundles of instances that have such a kind, without a new revision', async () => {
    const { agent, audit } = harness;
    const [one, own] = [await harness.create('valkey'), await harness.create('valkey', { allowedWriters: [scaler] })];
    const other = await harness.create('postgresql');
    const { digest } = bundleOf(one);
    expect(await show()).toMatchObject({ allowedWriters: [], generation: 1 });
    audit.entries.length = 0;
    agent.instructions.length = 0;
    await allow([mesh, scaler]);
    expect(writersOf(own)).toEqual([scaler, mesh]);
    expect(bundleOf(one)).toMatchObject({ revision: 1, digest, allowedWriters: [mesh, scaler] });
    expect(agent.instructions.map(({ osid }) => osid).sort()).toEqual([one.osid, own.osid].sort());
    expect(await show()).toMatchObject({ allowedWriters: [mesh, scaler], generation: 2 });
    expect(await harness.request(reconciler.showInstance, own)).toMatchObject({ allowedWriters: [scaler] });
    expect(audit.entries).toEqual([`ada@example.com cluster.update ${harness.cid}`]);

    const later = await harness.create('valkey');
    expect(writersOf(later)).toEqual([mesh, scaler]);
    await allow([pooler]);
    expect([own, one, other].map(writersOf)).toEqual([[scaler], [], [pooler]]);
    await allow([]);
    expect(writersOf(other)).toEqual([]);
  });

  it('are in the hashes that a resync compares', async () => {
    const { agent } = harness;
    const own = await harness.create('valkey', { allowedWriters: [mesh] });
    await allow([scaler]);
    expect(writersOf(own)).toEqual([mesh, scaler]);
    const entries = [...agent.stored.values()].map(({ osid, revision, digest, writersDigest }): ResyncEntry => {
      const entry = { osid: osid as ResyncEntry['osid'], revision, digest };
      return writersDigest === undefined ? entry : { ...entry, writersDigest };
    });
    expect(entries.filter(({ writersDigest }) => writersDigest !== undefined).length).toBeGreaterThan(1);
    const root = { step: 'root' as const, count: entries.length, root: rootOf(entries), writers: true };
    expect(await agent.resync(root)).toEqual({ equal: true });
    await harness.sql(`UPDATE cluster SET allowed_writers = '[]' WHERE cid = $1`, [harness.cid]);
    expect(await agent.resync(root)).toEqual({ equal: false });
    await harness.sql(`UPDATE cluster SET allowed_writers = $2 WHERE cid = $1`, [
      harness.cid,
      JSON.stringify([scaler]),
    ]);
    await allow([]);
  });

  it('stay as they are when nothing differs', async () => {
    const { agent, audit } = harness;
    await allow([pooler]);
    const before = await show();
    audit.entries.length = 0;
    agent.instructions.length = 0;
    for (const changes of [{}, { allowedWriters: [pooler] }]) {
      expect(await update(changes)).toMatchObject({ allowedWriters: [pooler], generation: before.generation });
    }
    await settled();
    expect([audit.entries, agent.instructions]).toEqual([[], []]);
  });

  it('are delivered one after the other', async () => {
    const { agent } = harness;
    const made = [await harness.create('valkey'), await harness.create('valkey'), await harness.create('valkey')];
    await settled(); // the job may end before the lease on its delivery does
    await agent.disconnect();
    await update({ allowedWriters: [scaler] });
    const ids = made.map(({ osid }) => osid);
    const waits = await harness.sql<{ ms: number }>(
      `SELECT extract(epoch FROM w.next_attempt_at - c.updated_at) * 1000 AS ms
       FROM work w JOIN instance i ON i.id = w.id JOIN cluster c ON c.id = w.cluster_id
       WHERE i.osid = ANY($1) ORDER BY i.id`,
      [ids],
    );
    const [first = 0, second = 0, third = 0] = waits.map(({ ms }) => Math.round(Number(ms)));
    expect([second - first, third - second]).toEqual([50, 50]);
    await agent.connect();
    await settled();
    for (const one of made) expect(writersOf(one)).toEqual([scaler]);
  });

  it('are cut for an agent that refuses more than 16, after those of the instance', async () => {
    const { agent } = harness;
    const many = (one: { manager: string; kind: string; fields: string[] }, count: number) =>
      Array.from({ length: count }, (_, n) => ({ ...one, manager: `${one.manager}-${n}` }));
    const [ofInstance, ofCluster] = [many(scaler, 10), many(mesh, 16)];
    const one = await harness.create('valkey', { allowedWriters: ofInstance });
    await allow(ofCluster);
    expect(writersOf(one)).toEqual([...ofInstance, ...ofCluster.slice(0, 6)]);
    await agent.connect({ capabilities: ['bundles/1', 'bundles/2', 'bundles/3'] });
    const later = await harness.create('valkey', { allowedWriters: ofInstance });
    expect(writersOf(later)).toEqual([...ofInstance, ...ofCluster]);
    await allow([]);
    await agent.connect();
  });

  it('are refused for another account, a stale generation, an unknown kind and a cluster that is deleted', async () => {
    const { audit } = harness;
    const changes = { allowedWriters: [mesh] };
    audit.entries.length = 0;
    const before = await show();
    await expect(
      harness.request(reconciler.updateCluster, { cid: harness.cid, changes }, { tenant: 'bbbbb' }),
    ).rejects.toMatchObject({ code: 'cluster.not_found' });
    await expect(update({ allowedWriters: [{ ...mesh, kind: 'Statefulset' }] })).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'allowedWriters[0].kind', message: expect.stringContaining('StatefulSet') }] },
    });
    await expect(update(changes, { ifGeneration: before.generation - 1 })).rejects.toMatchObject({
      code: 'conflict.stale',
    });
    await harness.request(reconciler.createCluster, { cluster: { cid: 'gone' } });
    await harness.sql(`UPDATE cluster SET deletion_requested_at = now() WHERE cid = 'gone'`);
    await expect(harness.request(reconciler.updateCluster, { cid: 'gone', changes })).rejects.toMatchObject({
      code: 'conflict.deleting',
    });
    expect(audit.entries).toEqual([]);
    const { lastHeartbeatAt: _, ...unchanged } = before;
    expect(await show()).toMatchObject(unchanged);
  });

  it('that are refused after their audit entry, because another write came first, leave the refusal there too', async () => {
    const { audit } = harness;
    audit.entries.length = 0;
    audit.beforeReply = () =>
      harness.sql('UPDATE cluster SET generation = generation + 1 WHERE cid = $1', [harness.cid]);
    const { generation } = await show();
    const changes = { allowedWriters: [mesh] };
    await expect(update(changes, { ifGeneration: generation })).rejects.toMatchObject({ code: 'conflict.stale' });
    const entry = `ada@example.com cluster.update ${harness.cid}`;
    expect(audit.entries).toEqual([entry, `${entry} refused conflict.stale`]);
  });

  it('are set once for the same key, with one audit entry', async () => {
    const { audit } = harness;
    const idempotency = { key: 'w1', requestHash: 'h1' };
    const first = await update({ allowedWriters: [mesh] }, { idempotency });
    await update({ allowedWriters: [] });
    audit.entries.length = 0;
    expect(await update({ allowedWriters: [mesh] }, { idempotency })).toEqual(first);
    expect(audit.entries).toEqual([]);
    expect((await show()).allowedWriters).toEqual([]);
  });
});
