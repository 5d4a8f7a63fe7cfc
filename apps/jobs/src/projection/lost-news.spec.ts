import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jobs, type JobProgress, reconciler, storedMessage } from '@runos/contracts';
import { minted, type SpecPlane, specPlane } from '../../test/spec-plane.js';
import { line, progress, workItemId } from '../../test/spec-progress.js';

describe('news of jobs on a bad way', () => {
  let plane: SpecPlane;
  const changes: { id: string; seq: number }[] = [];
  const waiting = new Set<() => void>();
  beforeAll(async () => {
    plane = await specPlane({ checkAfterMs: 200 });
    const connection = await plane.gateway.connector.ready(1_000);
    connection.subscribe(jobs.jobChanged.subject, {
      callback: (_, message) => {
        changes.push(message.json());
        waiting.forEach((look) => look());
      },
    });
    await connection.flush();
  }, 30_000);
  afterAll(() => plane.stop());

  const tell = (...told: JobProgress[]) =>
    plane.reconciler.bus.publishStored(told.map((each) => storedMessage(reconciler.jobProgressed, each)));
  const open = (told: JobProgress, tenant = told.job.aid) =>
    plane.reconciler.bus.request(jobs.openJob, told, { tenant });
  const show = (id: string) => plane.gateway.request(jobs.showJob, { id, aids: ['acct1'] });
  const messages = async (id: string) => {
    const { logs } = await plane.gateway.request(jobs.listJobLogs, { id, aids: ['acct1'], workItemId });
    return logs.map(({ message }) => message);
  };
  const announced = (id: string) => changes.filter((change) => change.id === id).map(({ seq }) => seq);
  /** Resolves at the next announcement after which `done` holds. */
  const once = (done: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (!done()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });

  it('asks for a job that went silent, so that its end is told although that news was lost', async () => {
    const opened = progress(1, { status: 'running' });
    const { id } = opened.job;
    await open(opened);
    minted.set(id, progress(2, { id, status: 'completed' }, [line('end')]));
    await once(() => announced(id).includes(2));
    expect((await show(id)).status).toBe('completed');
    expect(await messages(id)).toEqual(['line end']);
  });

  it('asks for what is missing in the middle of a job that has ended, and then never again', async () => {
    const { id } = progress(1).job;
    const last = progress(3, { id, status: 'completed' }, [line('3')]);
    minted.set(id, { ...last, logs: [line('2'), line('3')] });
    await open(progress(1, { id }));
    await tell(last);
    await once(() => announced(id).length === 3);
    expect(announced(id)).toEqual([1, 3, 3]);
    expect(await messages(id)).toEqual(['line 3', 'line 2']);
    expect(await plane.sql('SELECT check_at FROM job WHERE id = $1', [id])).toEqual([{ check_at: null }]);
  });

  it('wakes nobody by a repetition, and followers also by a line that came late', async () => {
    const { id } = progress(1).job;
    const told = [1, 2, 3].map((seq) => progress(seq, { id, status: 'completed' }, [line(`${seq}`)]));
    minted.set(id, { ...told[2], logs: told.flatMap(({ logs }) => logs) });
    await open(told[0]);
    await open(told[2]);
    await open(told[1]);
    for (const again of told) await open(again);
    const after = progress(1);
    await open(after);
    await once(() => announced(after.job.id).length === 1);
    expect(announced(id)).toEqual([1, 3, 3]);
    expect(await messages(id)).toEqual(['line 1', 'line 3', 'line 2']);
  });

  it('opened by two at once and told of at the same time is one job that knows the latest', async () => {
    const { id } = progress(1).job;
    const told = Array.from({ length: 20 }, (_, n) => progress(n + 1, { id, progress: `${n + 1}` }, [line(`${n}`)]));
    minted.set(id, { ...told[19], logs: told.flatMap(({ logs }) => logs) });
    await Promise.all([...told, ...told].flatMap((each) => [open(each), tell(each)]));
    expect(await show(id)).toEqual(told[19].job);
    expect(await messages(id)).toHaveLength(20);
  });

  it('does not let a job change its account', async () => {
    const opened = progress(1);
    const { id } = opened.job;
    minted.set(id, opened);
    await open(opened);
    const after = progress(1);
    await tell(progress(2, { id, aid: 'acct2', status: 'failed' }, [line('forged')]), after);
    await once(() => announced(after.job.id).length > 0);
    expect((await show(id)).status).toBe('running');
    expect(await messages(id)).toEqual([]);
    await expect(open(opened, 'acct2')).rejects.toMatchObject({ code: 'request.invalid' });
  });

  it('loses nothing over a restart of NATS', async () => {
    const opened = progress(1);
    const { id } = opened.job;
    minted.set(id, opened);
    await open(opened);
    await plane.nats.restart();
    const next = progress(2, { id, status: 'completed' }, [line('after')]);
    // Being woken is fleeting: who follows must be back first.
    await untilAvailable(() => show(id));
    minted.set(id, next);
    await untilAvailable(() => tell(next));
    await once(() => announced(id).includes(2));
    expect((await show(id)).status).toBe('completed');
  }, 20_000);
});

/** Each try waits a while for the connection by itself, so this does not spin. */
async function untilAvailable(work: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'unavailable' });
    }
  }
}
