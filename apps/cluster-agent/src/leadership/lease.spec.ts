import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from '../../test/spec-access.js';
import { Lease } from './lease.js';

let access: AgentAccess;
const never = new AbortController().signal;

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

const leaseOf = (holder: string) =>
  new Lease({ client: access.agent, namespace: access.namespace, holder, durationMs: 1_500, renewEveryMs: 100 });

describe('the lease of a cluster', () => {
  it('has one holder, is given back, and then the next one has it at once', async () => {
    const [one, other] = [leaseOf('one'), leaseOf('other')];
    expect(await one.acquire(never, () => undefined)).toBe(true);
    const ending = new AbortController();
    const kept = one.keep(ending.signal);
    const heard: string[] = [];
    let taken = false;
    const waiting = other.acquire(never, (why) => heard.push(why)).then((got) => (taken = got));
    await waitUntil(() => heard.length > 0, { deadlineMs: 5_000, because: () => 'the other never waited' });
    expect(heard).toEqual(['one is active']);
    expect(taken).toBe(false);
    ending.abort();
    await kept;
    await one.release();
    await waiting;
    expect(taken).toBe(true);
    await other.release();
  });

  it('is free when it was not renewed for its duration, by the clock of who waits', async () => {
    const [dead, next] = [leaseOf('dead'), leaseOf('next')];
    await dead.acquire(never, () => undefined);
    const since = performance.now();
    expect(await next.acquire(never, () => undefined)).toBe(true);
    expect(performance.now() - since).toBeGreaterThanOrEqual(1_400);
    // Whoever overslept finds out before it acts.
    await dead.keep(never);
    await next.release();
  });

  it('belongs to the same holder after a restart without waiting', async () => {
    await leaseOf('same').acquire(never, () => undefined);
    const since = performance.now();
    await leaseOf('same').acquire(never, () => undefined);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('waits no longer than it is told to', async () => {
    const ending = new AbortController();
    const waiting = leaseOf('late').acquire(ending.signal, () => ending.abort());
    expect(await waiting).toBe(false);
  });
});
