import { afterEach, describe, expect, it } from '@jest/globals';
import type { BodyOf, RESYNC } from '@runos/agent-protocol';
import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import type { StoredBundle } from './stored-bundle.js';
import { type Harness, type Instance, useHarness } from './harness.js';
import { restoreSteps } from './restore-steps.js';

type ListStep = Extract<BodyOf<typeof RESYNC>, { step: 'list' }>;
type OrphansStep = Extract<BodyOf<typeof RESYNC>, { step: 'orphans' }>;

describe('an instance whose deletion is complete', () => {
  let harness: Harness;
  useHarness((started) => (harness = started));
  afterEach(() => {
    harness.agent.onBundle = (bundle) => harness.agent.reportSuccess(bundle);
  });

  const { create, change, bundle } = restoreSteps(() => harness);
  const orphans = (...osids: string[]) => ({ step: 'orphans', osids }) as OrphansStep;

  /** A deleted instance, and the bundle that its agent stored before. */
  const deleted = async (): Promise<[Instance, StoredBundle]> => {
    const one = await create();
    const before = bundle(one);
    await harness.jobs.ended((await harness.request(reconciler.deleteInstance, one)).jobId);
    await harness.agent.idle();
    return [one, before];
  };
  /** The next deletion that the agent receives. */
  const nextDeletion = (): Promise<StoredBundle> =>
    new Promise((resolve) => {
      harness.agent.onBundle = async (received) => {
        await harness.agent.reportSuccess(received);
        resolve(received);
      };
    });

  it('is deleted again if a resync lists its bundle, which a backup tool has restored', async () => {
    const [{ osid }, before] = await deleted();
    const deletion = nextDeletion();
    harness.agent.stored.set(osid, before);
    await harness.agent.resyncAll();
    expect(await deletion).toMatchObject({ osid, revision: before.revision + 1, removed: true });
    expect(harness.agent.stored.has(osid)).toBe(false);
  });

  it('is deleted again if a status reports its objects', async () => {
    const [{ osid }, before] = await deleted();
    const deletion = nextDeletion();
    harness.agent.stored.set(osid, before);
    await harness.agent.report(before, 'ready');
    expect(await deletion).toMatchObject({ osid, removed: true });
  });

  it('is deleted again if its namespace is there without a bundle', async () => {
    const [{ osid }] = await deleted();
    const deletion = nextDeletion();
    expect(await harness.agent.resync(orphans('valkey-zzzzz', osid))).toEqual({});
    expect(await deletion).toMatchObject({ osid, removed: true });
  });

  it('is deleted again although the agent did not reply to the first attempt', async () => {
    const [{ osid }] = await deleted();
    harness.agent.replies = 'silent';
    await harness.agent.resync(orphans(osid));
    await waitUntil(async () => harness.agent.unanswered > 0, { because: () => 'nothing was sent' });
    const deletion = nextDeletion();
    harness.agent.replies = 'accepting';
    expect(await deletion).toMatchObject({ osid, removed: true });
  });

  it('is deleted again once the connection of its agent is recorded, which its resync can overtake', async () => {
    const [{ osid }] = await deleted();
    await harness.agent.reportConnection({ connected: false });
    await harness.agent.resync(orphans(osid));
    const deletion = nextDeletion();
    await harness.agent.connect();
    expect(await deletion).toMatchObject({ osid, removed: true });
  });

  it('is kept in another Kubernetes cluster with the certificate of its agent', async () => {
    const [{ osid }] = await deleted();
    const known = harness.agent.instructions.length;
    await harness.agent.connect({ clusterUid: 'uid-2' });
    await harness.agent.resync(orphans(osid));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(harness.agent.instructions.length).toBe(known);
    await harness.agent.connect();
    const deletion = nextDeletion();
    await harness.agent.resync(orphans(osid));
    expect(await deletion).toMatchObject({ osid, removed: true });
  });

  it('is kept where it is of another cluster, of another account, or not known', async () => {
    const [gone, before] = await deleted();
    const living = await create();
    const { cid: other } = await harness.request(reconciler.createCluster, { cluster: { cid: 'other8' } });
    const known = harness.agent.instructions.length;
    await harness.agent.report(before, 'ready', {}, { aid: harness.aid, cid: other });
    await harness.agent.report(before, 'ready', {}, { aid: 'zzzz0', cid: harness.cid });
    for (const phase of ['deleting', 'gone'] as const) await harness.agent.report(before, phase);
    const others = ['valkey-zzzzz', `postgresql-${gone.id}`, living.osid];
    for (const osid of others) await harness.agent.report({ ...before, osid }, 'degraded');
    await harness.agent.resync(orphans(...others));
    await harness.agent.resync(orphans(gone.osid), { aid: harness.aid, cid: other });
    const tombstone = { osid: gone.osid, revision: 2, digest: '0'.repeat(64) } as ListStep['entries'][number];
    await harness.agent.resync({ step: 'list', buckets: [], entries: [tombstone], last: true });
    // A deletion that follows all of them is the only one.
    const deletion = nextDeletion();
    const [{ osid }] = await deleted();
    expect(await deletion).toMatchObject({ osid });
    expect(harness.agent.instructions.slice(known).filter(({ removed }) => removed)).toHaveLength(1);
  });

  it('is kept if the agent stores a newer revision than the deletion', async () => {
    const [one, before] = await deleted();
    const later = { ...before, revision: 9 };
    harness.agent.stored.set(one.osid, later);
    await harness.agent.resyncAll();
    const other = await create();
    await change(other, 600);
    expect(bundle(one)).toEqual(later);
    harness.agent.stored.delete(one.osid);
  });
});
