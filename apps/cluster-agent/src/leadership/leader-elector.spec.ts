import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitUntil } from '@runos/testing-process';
import { type AgentAccess, agentAccess } from '../../test/agent-access.js';
import { LeaderElector } from './leader-elector.js';

let access: AgentAccess;
const never = new AbortController().signal;

beforeAll(async () => {
  access = await agentAccess();
}, 900_000);

afterAll(() => access?.stop());

const electorOf = (holder: string) =>
  new LeaderElector({
    client: access.agent,
    namespace: access.namespace,
    holder,
    durationMs: 1_500,
    renewEveryMs: 100,
  });

describe('leader election', () => {
  it('has one holder, who releases the lease to the next one at once', async () => {
    const [one, other] = [electorOf('one'), electorOf('other')];
    expect(await one.acquire(never, () => undefined)).toBe(true);
    const ending = new AbortController();
    const kept = one.renew(ending.signal);
    const reasons: string[] = [];
    let acquired = false;
    const waiting = other.acquire(never, (reason) => reasons.push(reason)).then((got) => (acquired = got));
    await waitUntil(() => reasons.length > 0, { deadlineMs: 5_000, because: () => 'the other elector did not wait' });
    expect(reasons).toEqual(['one is active']);
    expect(acquired).toBe(false);
    ending.abort();
    await kept;
    await one.release();
    await waiting;
    expect(acquired).toBe(true);
    await other.release();
  });

  it('expires when it is not renewed for its duration, by the clock of the waiting agent', async () => {
    const [dead, next] = [electorOf('dead'), electorOf('next')];
    await dead.acquire(never, () => undefined);
    const since = performance.now();
    expect(await next.acquire(never, () => undefined)).toBe(true);
    expect(performance.now() - since).toBeGreaterThanOrEqual(1_400);
    // The old holder detects the loss before it acts.
    await dead.renew(never);
    await next.release();
  });

  it('is acquired at once by the same holder after a restart', async () => {
    await electorOf('same').acquire(never, () => undefined);
    const since = performance.now();
    await electorOf('same').acquire(never, () => undefined);
    expect(performance.now() - since).toBeLessThan(1_000);
  });

  it('stops waiting when it is aborted', async () => {
    const ending = new AbortController();
    const waiting = electorOf('late').acquire(ending.signal, () => ending.abort());
    expect(await waiting).toBe(false);
  });
});
