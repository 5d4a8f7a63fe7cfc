import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobs, type JobProgress, reconciler, storedMessage } from '@runos/contracts';
import { untilAvailable } from '@runos/testing-nats';
import { reconcilerJobs, type JobsHarness, startHarness } from '../../test/harness.js';
import { line, progress, workItemId } from '../../test/job-progress.js';

describe('job updates that are lost, repeated or reordered', () => {
  let plane: JobsHarness;
  const changes: { id: string; seq: number }[] = [];
  const waiting = new Set<() => void>();
  beforeAll(async () => {
    plane = await startHarness({ refreshAfterMs: 200 });
    const connection = await plane.gateway.connector.ready(60_000);
    connection.subscribe(jobs.jobChanged.subject, {
      callback: (_, message) => {
        changes.push(message.json());
        waiting.forEach((check) => check());
      },
    });
    await connection.flush();
  });
  afterAll(() => plane.stop());

  const publish = (...updates: JobProgress[]) =>
    plane.reconciler.bus.publishStored(updates.map((each) => storedMessage(reconciler.jobProgressed, each)));
  const show = (id: string) => plane.gateway.request(jobs.showJob, { id, aids: ['acct1'] });
  const messages = async (id: string) => {
    const { logs } = await plane.gateway.request(jobs.listJobLogs, { id, aids: ['acct1'], workItemId });
    return logs.map(({ message }) => message);
  };
  const published = (id: string) => changes.filter((change) => change.id === id).map(({ seq }) => seq);
  /** Resolves at the next change event after which `done` holds. */
  const once = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!done()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });

  it('refreshes a stale job, so that a lost final update is recovered', async () => {
    const opened = progress(1, { status: 'running' });
    const { id } = opened.job;
    await plane.project(opened);
    reconcilerJobs.set(id, progress(2, { id, status: 'completed' }, [line('end')]));
    await once(() => published(id).includes(2));
    expect((await show(id)).status).toBe('completed');
    expect(await messages(id)).toEqual(['line end']);
  });

  it('refreshes an ended job with a gap once', async () => {
    const { id } = progress(1).job;
    const last = progress(3, { id, status: 'completed' }, [line('3')]);
    reconcilerJobs.set(id, { ...last, logs: [line('2'), line('3')] });
    await plane.project(progress(1, { id }));
    await publish(last);
    await once(() => published(id).length === 3);
    expect(published(id)).toEqual([1, 3, 3]);
    expect(await messages(id)).toEqual(['line 3', 'line 2']);
    expect(await plane.sql('SELECT refresh_at FROM job WHERE id = $1', [id])).toEqual([{ refresh_at: null }]);
  });

  it('notifies followers of late log lines, not of repetitions', async () => {
    const { id } = progress(1).job;
    const updates = [1, 2, 3].map((seq) => progress(seq, { id, status: 'completed' }, [line(`${seq}`)]));
    reconcilerJobs.set(
      id,
      progress(
        3,
        { id, status: 'completed' },
        updates.flatMap(({ logs }) => logs),
      ),
    );
    const [first, second, third] = updates;
    for (const update of [first, third, second, ...updates]) if (update) await plane.project(update);
    const after = progress(1);
    await plane.project(after);
    await once(() => published(after.job.id).length === 1);
    expect(published(id)).toEqual([1, 3, 3]);
    expect(await messages(id)).toEqual(['line 1', 'line 3', 'line 2']);
  });

  it('projects concurrent updates to one job with the latest state', async () => {
    const { id } = progress(1).job;
    const updates = Array.from({ length: 20 }, (_, n) => progress(n + 1, { id, progress: `${n + 1}` }, [line(`${n}`)]));
    const latest = progress(20, { id, progress: '20' }, [line('19')]);
    reconcilerJobs.set(id, { ...latest, logs: updates.flatMap(({ logs }) => logs) });
    await Promise.all([...updates, ...updates].flatMap((each) => [plane.project(each), publish(each)]));
    expect(await show(id)).toEqual(latest.job);
    expect(await messages(id)).toHaveLength(20);
  });

  it('does not let a job change its account', async () => {
    const opened = progress(1);
    const { id } = opened.job;
    reconcilerJobs.set(id, opened);
    await plane.project(opened);
    const after = progress(1);
    await publish(progress(2, { id, aid: 'acct2', status: 'failed' }, [line('forged')]), after);
    await once(() => published(after.job.id).length > 0);
    expect((await show(id)).status).toBe('running');
    expect(await messages(id)).toEqual([]);
  });

  it('loses nothing over a restart of NATS', async () => {
    const opened = progress(1);
    const { id } = opened.job;
    reconcilerJobs.set(id, opened);
    await plane.project(opened);
    await plane.nats.restart();
    const next = progress(2, { id, status: 'completed' }, [line('after')]);
    // The change event is delivered at most once: the subscription must be back first.
    await untilAvailable(() => show(id));
    reconcilerJobs.set(id, next);
    await untilAvailable(() => publish(next));
    await once(() => published(id).includes(2));
    expect((await show(id)).status).toBe('completed');
  });
});
