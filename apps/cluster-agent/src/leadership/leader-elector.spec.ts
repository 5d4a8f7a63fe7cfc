import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '@runos/kernel';
import { bearer, KubeClient } from '@runos/kube-client';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from '../../test/agent-access.js';
import { refIn } from '../../test/harness.js';
import { HoldingProxy } from '../../test/holding-proxy.js';
import { LeaderElector, type LeaderElectorOptions } from './leader-elector.js';
import type { LeaseTerm } from './lease-term.js';

let access: AgentAccess;
const never = new AbortController().signal;

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

/** A test that waited for the end of such a lease would exceed its time. */
const durationMs = 3_600_000;
/** For a lease that has to expire. */
const short = { durationMs: 1_500 };

const electorOf = (holder: string, changes: Partial<LeaderElectorOptions> = {}) =>
  new LeaderElector({
    client: access.agent,
    namespace: access.namespace,
    holder,
    durationMs,
    renewEveryMs: 100,
    ...changes,
  });

async function acquire(elector: LeaderElector): Promise<LeaseTerm> {
  const term = await elector.acquire(never, () => undefined);
  if (term === undefined) throw new Error('the lease was not acquired');
  return term;
}

const leaseRef = () => refIn(access.namespace, 'coordination.k8s.io/v1', 'Lease', 'cluster-agent');

describe('leader election', () => {
  it('has one holder, who releases the lease to the next one at once', async () => {
    const [one, other] = [electorOf('one'), electorOf('other')];
    const term = await acquire(one);
    const ending = new AbortController();
    const kept = one.renew(term, ending.signal);
    const reasons: string[] = [];
    let next: LeaseTerm | undefined;
    const waiting = other.acquire(never, ({ reason }) => reasons.push(reason)).then((got) => (next = got));
    await waitUntil(() => reasons.length > 0, { because: () => 'the other elector did not wait' });
    expect(reasons).toEqual(['one is active']);
    expect([next, term.isHeld]).toEqual([undefined, true]);
    ending.abort();
    await kept;
    await one.release(term);
    await waiting;
    expect(next?.token).toBeGreaterThan(term.token);
    await other.release(next as LeaseTerm);
  });

  it('expires when it is not renewed for its duration, by the clock of the waiting agent', async () => {
    const [dead, next] = [electorOf('dead', short), electorOf('next', short)];
    const lost = await acquire(dead);
    const since = performance.now();
    const term = await acquire(next);
    expect(performance.now() - since).toBeGreaterThanOrEqual(1_400);
    // The old holder detects the loss before it acts.
    expect(lost.isHeld).toBe(false);
    expect(() => lost.assertHeld()).toThrow('not renewed in time');
    await dead.renew(lost, never);
    await next.release(term);
  });

  it('is acquired at once by the same holder after a restart, and is lost for the process before', async () => {
    const before = electorOf('same');
    const old = await acquire(before);
    const restarted = electorOf('same');
    const term = await acquire(restarted); // not after the duration of an hour
    expect(term.token).toBe(old.token + 1);
    await before.renew(old, never);
    expect([old.endReason, term.isHeld]).toEqual(['same acquired the lease.', true]);
    await restarted.release(term);
  });

  it('stops waiting when it is aborted', async () => {
    const ending = new AbortController();
    const holder = electorOf('holder');
    const term = await acquire(holder);
    const waiting = electorOf('late').acquire(ending.signal, () => ending.abort());
    expect(await waiting).toBeUndefined();
    await holder.release(term);
  });

  it('is given up in time when a renewal gets no response', async () => {
    const proxy = await HoldingProxy.start(access.cluster);
    const client = new KubeClient({ server: proxy.server, ...bearer(access.token) });
    const elector = electorOf('paused', { ...short, client });
    const term = await acquire(elector);
    proxy.hold(() => true);
    const next = electorOf('next', short);
    let acquired: LeaseTerm | undefined;
    const waiting = acquire(next).then((got) => (acquired = got));
    await elector.renew(term, never);
    expect(acquired).toBeUndefined();
    expect(term.endReason).toMatch(/^The lease was not renewed in time\. GET /);
    await client.close();
    proxy.stop();
    await next.release(await waiting);
  });

  it.each([-3_600_000, 3_600_000])(
    'is kept and lost as usual when the wall clock is stepped by %i ms',
    async (step) => {
      let offset = 0;
      const clock: Clock = { ...systemClock, now: () => new Date(systemClock.now().getTime() + offset) };
      // Long enough for a busy machine: only the step may not end it.
      const options = { clock, durationMs: 10_000 };
      const [stepped, next] = [electorOf('stepped', options), electorOf('next', options)];
      const term = await acquire(stepped);
      const ending = new AbortController();
      const kept = stepped.renew(term, ending.signal);
      offset = step;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(term.isHeld).toBe(true);
      ending.abort();
      await kept;
      const acquired = await acquire(next); // in seconds, not after the step of an hour
      expect(term.isHeld).toBe(false);
      await next.release(acquired);
    },
  );
});

describe('the fencing token', () => {
  it('is raised above those of stored bundles after the Lease was deleted', async () => {
    const elector = electorOf('token');
    await elector.release(await acquire(elector));
    await access.admin.delete(leaseRef());
    const term = await acquire(elector);
    expect([term.token, term.earlierLoad]).toEqual([1, undefined]);
    await elector.recordLoad(term, { resourceVersion: '77', highestToken: 7 });
    expect(term.token).toBe(8);
    await elector.release(term);
    const next = await acquire(elector);
    expect([next.token, next.earlierLoad]).toEqual([9, { token: 8, resourceVersion: '77' }]);
    await elector.release(next);
  });

  it('survives the deletion of the Lease while it is held', async () => {
    const elector = electorOf('deleted');
    const term = await acquire(elector);
    await elector.recordLoad(term, { resourceVersion: '5', highestToken: 20 });
    const ending = new AbortController();
    const kept = elector.renew(term, ending.signal);
    await access.admin.delete(leaseRef());
    const find = () => access.admin.find(leaseRef());
    await waitUntil(async () => (await find()) !== undefined, { because: () => 'no Lease' });
    ending.abort();
    await kept;
    await elector.release(term);
    const next = await acquire(elector);
    expect([next.token, next.earlierLoad]).toEqual([22, { token: 21, resourceVersion: '5' }]);
    await elector.release(next);
  });
});
