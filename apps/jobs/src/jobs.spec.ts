import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobs, type JobProgress, reconciler } from '@runos/contracts';
import { minted, type SpecPlane, specPlane } from '../test/spec-plane.js';
import { at, line, progress, uuidv7, workItemId } from '../test/spec-progress.js';

describe('jobs', () => {
  let plane: SpecPlane;
  beforeAll(async () => {
    plane = await specPlane();
  }, 30_000);
  afterAll(() => plane.stop());

  const open = (told: JobProgress) => plane.reconciler.bus.request(jobs.openJob, told, { tenant: told.job.aid });
  const tell = (told: JobProgress) =>
    plane.reconciler.bus.publish(reconciler.jobProgressed, told, { tenant: told.job.aid });
  const show = (id: string, aids = ['acct1']) => plane.gateway.request(jobs.showJob, { id, aids });
  const logs = (id: string, after?: string) =>
    plane.gateway.request(jobs.listJobLogs, { id, aids: ['acct1'], workItemId, after });

  /** Listens for changes of a job; `seen` resolves when it has reached `seq`. */
  async function listen(id: string, seq: number): Promise<{ seen: Promise<void> }> {
    const connection = await plane.gateway.connector.ready(1_000);
    const subscription = connection.subscribe(jobs.jobChanged.subject);
    await connection.flush();
    const seen = (async () => {
      for await (const message of subscription) {
        const body = message.json<{ id: string; seq: number }>();
        if (body.id === id && body.seq >= seq) return subscription.unsubscribe();
      }
    })();
    return { seen };
  }

  it('shows a job as it was opened, then as it was told', async () => {
    const first = progress(1, { status: 'pending' });
    const { id } = first.job;
    await open(first);
    expect(await show(id)).toEqual(first.job);
    const { seen } = await listen(id, 2);
    const second = progress(2, { id, status: 'completed', completedAt: at });
    await tell(second);
    await seen;
    expect(await show(id)).toEqual(second.job);
    const { workItems } = await plane.gateway.request(jobs.listWorkItems, { id, aids: ['acct1'] });
    expect(workItems).toEqual(second.workItems);
  });

  it('keeps the newest word, however often and in whatever order it is told', async () => {
    const { id } = progress(1).job;
    const words = [3, 1, 5, 2, 4, 5, 1].map((seq) =>
      progress(seq, { id, progress: `word ${seq}` }, [line(`00${seq}`)]),
    );
    await Promise.all(words.map(open));
    expect((await show(id)).progress).toBe('word 5');
    const lines = (await logs(id)).logs.map(({ message }) => message);
    expect(lines.toSorted()).toEqual([1, 2, 3, 4, 5].map((seq) => line(`00${seq}`).message));
  });

  it('pages log lines by cursor and echoes it when there is nothing new', async () => {
    const told = progress(1, {}, [line('001'), line('002')]);
    const { id } = told.job;
    await open(told);
    const first = await logs(id);
    expect(first.logs).toEqual(['001', '002'].map((each) => ({ ...line(each), id: expect.any(String) })));
    const cursor = String(first.nextCursor);
    expect(cursor).toBe(first.logs[1].id);
    expect(await logs(id, cursor)).toEqual({ workItemId, logs: [], nextCursor: cursor });
    await open(progress(2, { id }, [line('003')]));
    expect((await logs(id, cursor)).logs.map(({ message }) => message)).toEqual(['line 003']);
    expect((await logs(id, first.logs[0].id)).logs.map(({ message }) => message)).toEqual(['line 002', 'line 003']);
    await expect(logs(id, 'x')).rejects.toMatchObject({
      code: 'request.invalid',
      details: { issues: [{ path: 'after' }] },
    });
  });

  it('asks the reconciler for a job it was not told of, and says 503 when that is down', async () => {
    const told = progress(4);
    minted.set(told.job.id, told);
    expect(await show(told.job.id)).toEqual(told.job);
    minted.clear();
    expect(await show(told.job.id)).toEqual(told.job);
    await expect(show(randomUUID())).rejects.toMatchObject({ code: 'job.not_found' });
  });

  it('shows nobody another account’s job, nor that it exists', async () => {
    const told = progress(1, { aid: 'acct2' });
    await open(told);
    await expect(show(told.job.id)).rejects.toMatchObject({ code: 'job.not_found' });
    await expect(show(told.job.id, [])).rejects.toMatchObject({ code: 'job.not_found' });
    expect(await show(told.job.id, ['acct1', 'acct2'])).toEqual(told.job);
  });

  it('lists newest first, by page and by filter', async () => {
    const started = Date.now();
    const told = Array.from({ length: 5 }, (_, n) =>
      progress(1, {
        ...{ id: uuidv7(started + n), aid: 'acct3', osid: n % 2 ? 'valkey-bbbbb' : 'valkey-ccccc' },
        status: n === 4 ? 'failed' : 'completed',
      }),
    );
    await Promise.all(told.map(open));
    const ids = told.map(({ job }) => job.id).reverse();
    const list = (asked: object) =>
      plane.gateway.request(jobs.listJobs, { limit: 2, ...asked } as { limit: number }, { tenant: 'acct3' });

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

  it('answers unavailable, never not found, while only the reconciler could know', async () => {
    await plane.reconciler.stop();
    await expect(show(randomUUID())).rejects.toMatchObject({ code: 'unavailable' });
  });
});
