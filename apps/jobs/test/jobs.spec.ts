import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobs, type JobProgress, reconciler } from '@runos/contracts';
import { reconcilerJobs, type JobsHarness, startHarness } from './harness.js';
import { at, line, progress, uuidv7, workItemId } from './job-progress.js';

describe('jobs', () => {
  let plane: JobsHarness;
  beforeAll(async () => {
    plane = await startHarness();
  });
  afterAll(() => plane.stop());

  const publish = (update: JobProgress) =>
    plane.reconciler.bus.publish(reconciler.jobProgressed, update, { tenant: update.job.aid });
  const show = (id: string, aids = ['acct1']) => plane.gateway.request(jobs.showJob, { id, aids });
  const logs = (id: string, after?: string) =>
    plane.gateway.request(jobs.listJobLogs, { id, aids: ['acct1'], workItemId, after });

  /** Subscribes to changes of a job; `reached` resolves at `seq`. */
  async function subscribe(id: string, seq: number): Promise<{ reached: Promise<void> }> {
    const connection = await plane.gateway.connector.ready(1_000);
    const subscription = connection.subscribe(jobs.jobChanged.subject);
    await connection.flush();
    const reached = (async () => {
      for await (const message of subscription) {
        const body = message.json<{ id: string; seq: number }>();
        if (body.id === id && body.seq >= seq) return subscription.unsubscribe();
      }
    })();
    return { reached };
  }

  it('shows the latest update of a job', async () => {
    const first = progress(1, { status: 'pending' });
    const { id } = first.job;
    await plane.project(first);
    expect(await show(id)).toEqual(first.job);
    const { reached } = await subscribe(id, 2);
    const second = progress(2, { id, status: 'completed', completedAt: at });
    await publish(second);
    await reached;
    expect(await show(id)).toEqual(second.job);
    const { workItems } = await plane.gateway.request(jobs.listWorkItems, { id, aids: ['acct1'] });
    expect(workItems).toEqual(second.workItems);
  });

  it('keeps the newest update for any order and repetition', async () => {
    const { id } = progress(1).job;
    const updates = [3, 1, 5, 2, 4, 5, 1].map((seq) =>
      progress(seq, { id, progress: `update ${seq}` }, [line(`00${seq}`)]),
    );
    await Promise.all(updates.map((update) => plane.project(update)));
    expect((await show(id)).progress).toBe('update 5');
    const lines = (await logs(id)).logs.map(({ message }) => message);
    expect(lines.toSorted()).toEqual([1, 2, 3, 4, 5].map((seq) => line(`00${seq}`).message));
  });

  it('pages log lines by cursor and returns the same cursor without new lines', async () => {
    const update = progress(1, {}, [line('001'), line('002')]);
    const { id } = update.job;
    await plane.project(update);
    const first = await logs(id);
    expect(first.logs).toEqual(['001', '002'].map((each) => ({ ...line(each), id: expect.any(String) })));
    const cursor = String(first.nextCursor);
    expect(cursor).toBe(first.logs[1]?.id);
    expect(await logs(id, cursor)).toEqual({ workItemId, logs: [], nextCursor: cursor });
    await plane.project(progress(2, { id }, [line('003')]));
    expect((await logs(id, cursor)).logs.map(({ message }) => message)).toEqual(['line 003']);
    expect((await logs(id, first.logs[0]?.id)).logs.map(({ message }) => message)).toEqual(['line 002', 'line 003']);
    await expect(logs(id, 'x')).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'after' }] },
    });
  });

  it('reads a missing job through from the reconciler', async () => {
    const update = progress(4);
    reconcilerJobs.set(update.job.id, update);
    expect(await show(update.job.id)).toEqual(update.job);
    reconcilerJobs.clear();
    expect(await show(update.job.id)).toEqual(update.job);
    await expect(show(randomUUID())).rejects.toMatchObject({ code: 'job.not_found' });
  });

  it('answers not found for a job of another account', async () => {
    const update = progress(1, { aid: 'acct2' });
    await plane.project(update);
    await expect(show(update.job.id)).rejects.toMatchObject({ code: 'job.not_found' });
    await expect(show(update.job.id, [])).rejects.toMatchObject({ code: 'job.not_found' });
    expect(await show(update.job.id, ['acct1', 'acct2'])).toEqual(update.job);
  });

  it('lists newest first, by page and by filter', async () => {
    const started = Date.now();
    const updates = Array.from({ length: 5 }, (_, n) =>
      progress(1, {
        id: uuidv7(started + n),
        aid: 'acct3',
        osid: n % 2 ? 'valkey-bbbbb' : 'valkey-ccccc',
        status: n === 4 ? 'failed' : 'completed',
      }),
    );
    await Promise.all(updates.map((update) => plane.project(update)));
    const ids = updates.map(({ job }) => job.id).reverse();
    const list = (query: object) =>
      plane.gateway.request(jobs.listJobs, { limit: 2, ...query } as { limit: number }, { tenant: 'acct3' });

    const first = await list({});
    expect(first.jobs.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const second = await list({ cursor: first.nextCursor });
    const third = await list({ cursor: second.nextCursor });
    expect([...second.jobs, ...third.jobs].map(({ id }) => id)).toEqual(ids.slice(2));
    expect(third.nextCursor).toBeNull();
    expect((await list({ status: 'failed' })).jobs.map(({ id }) => id)).toEqual([ids[0]]);
    expect((await list({ osid: 'valkey-bbbbb', limit: 9 })).jobs).toHaveLength(2);
    await expect(list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('answers unavailable, never not found, for a missing job while the reconciler is down', async () => {
    await plane.reconciler.stop();
    const id = randomUUID();
    const workItems = () => plane.gateway.request(jobs.listWorkItems, { id, aids: ['acct1'] });
    for (const read of [() => show(id), workItems, () => logs(id)])
      await expect(read()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
