import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type JobProgress, reconciler } from '@runos/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type TestDatabase, testDatabase } from '../../test/test-database.js';
import { changeJobs } from './change-jobs.js';
import { endJobs, type JobEnd } from './end-jobs.js';
import { pauseJobs, resumeJobs } from './job-clocks.js';
import { openJob } from './open-job.js';
import { newWorkItems, reachStep } from './work-items.js';

describe('jobs in SQL', () => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await testDatabase();
  });
  afterAll(() => test.stop());

  let instances = 0;
  const cluster = { id: 7, cid: 'abc' };
  const open = (clusterId = 1) => {
    const jobId = uuidv7();
    const now = new Date().toISOString();
    return test.database.transaction((sql) =>
      openJob(sql, {
        jobId,
        aid: 'aaaaa',
        cid: 'abc',
        clusterId,
        instanceId: (instances += 1),
        osid: 'valkey-3f9k2',
        type: 'service.create',
        kind: 'apply',
        generation: 1,
        revision: 1,
        workItems: newWorkItems({ kind: 'apply', jobId, first: 'deliver', now, mintId: uuidv7 }),
        firstStep: 'deliver',
        progress: null,
        reason: null,
        budgetMs: 900_000,
        leaveMs: 86_400_000,
        paused: false,
        logs: [{ step: 'validate', level: 'info', message: 'valkey.c0.beff, 1 replica' }],
      }),
    );
  };
  const end = (jobId: string, outcome: JobEnd['outcome']): JobEnd => ({
    jobId,
    outcome,
    reason: outcome === 'completed' ? null : 'Because',
    error: outcome === 'failed' ? 'it broke' : null,
    line: { level: 'info', message: outcome },
  });
  const ending = (ends: JobEnd[]) => test.database.transaction((sql) => endJobs(sql, ends));
  const news = async (jobId: string) => {
    const told = await test.database.query<{ body: JobProgress; headers: Record<string, string> }>(
      `SELECT body, headers FROM outbox WHERE body->'job'->>'id' = $1 ORDER BY seq`,
      [jobId],
    );
    return told.map(({ body, headers }) => ({ ...reconciler.jobProgressed.body.parse(body), headers }));
  };

  it('tell how they stand in the words of their contract, with the lines that are new', async () => {
    const opened = await open();
    expect(reconciler.jobProgressed.body.parse(opened)).toEqual(opened);
    const { job, workItems } = opened;
    await test.database.transaction((sql) =>
      changeJobs(sql, [
        {
          jobId: job.id,
          workItems: reachStep(workItems, 'wait-ready', new Date().toISOString()),
          progress: '1 of 2 objects ready',
          currentStep: 'wait-ready',
          reason: 'Progressing',
          seen: { a: 'ready' },
          logs: [{ workItemId: workItems[4].id, level: 'info', message: 'Service a: ready' }],
        },
      ]),
    );
    expect(await ending([end(job.id, 'completed')])).toEqual([job.id]);
    const [first, second, third] = await news(job.id);
    expect(first).toMatchObject({ ...opened, headers: { 'runos-tenant': 'aaaaa' } });
    expect(second).toMatchObject({
      seq: 2,
      job: { status: 'running', progress: '1 of 2 objects ready', currentStep: 'wait-ready', reason: 'Progressing' },
      logs: [{ workItemId: workItems[4].id, message: 'Service a: ready' }],
    });
    expect(third).toMatchObject({ seq: 3, job: { status: 'completed', progress: null, reason: null } });
    expect(third.workItems.map(({ status }) => status)).toEqual(Array(5).fill('completed'));
    expect(third.logs[0].id > second.logs[0].id).toBe(true);
  });

  it('fail at the step they stood at, and never run the rest', async () => {
    const { job } = await open();
    await ending([end(job.id, 'failed')]);
    const last = (await news(job.id)).at(-1);
    expect(last?.job).toMatchObject({ status: 'failed', error: 'it broke', reason: 'Because', currentStep: 'deliver' });
    expect(last?.workItems.map(({ status, result }) => [status, result])).toEqual([
      ['completed', null],
      ['completed', null],
      ['failed', 'it broke'],
      ['cancelled', null],
      ['cancelled', null],
    ]);
    expect(last?.logs[0]).toMatchObject({ workItemId: last?.workItems[2].id });
  });

  it('end once each: 500 jobs with three enders at the same time', async () => {
    const jobs = await Promise.all(Array.from({ length: 500 }, () => open()));
    const outcomes = ['completed', 'failed', 'cancelled'] as const;
    const ended = await Promise.all(
      jobs.flatMap(({ job }) => outcomes.map((outcome) => ending([end(job.id, outcome)]))),
    );
    expect(ended.flat().sort()).toEqual(jobs.map(({ job }) => job.id).sort());
    const [{ count }] = await test.database.query<{ count: number }>(
      `SELECT count(*)::int FROM outbox WHERE body->'job'->>'id' = ANY($1) AND body->'job'->>'completedAt' IS NOT NULL`,
      [jobs.map(({ job }) => job.id)],
    );
    expect(count).toBe(500);
  }, 60_000);

  it('change no more once they have ended', async () => {
    const { job, workItems } = await open();
    await ending([end(job.id, 'cancelled')]);
    const change = { jobId: job.id, workItems, progress: 'x', currentStep: null, reason: null, seen: {}, logs: [] };
    await test.database.transaction((sql) => changeJobs(sql, [change]));
    expect(await news(job.id)).toHaveLength(2);
  });

  it('have their clock stopped while the agent is away, and keep what was left of it', async () => {
    const { job } = await open(cluster.id);
    const left = async () => {
      const [clock] = await test.database.query<{ ms: number; paused: boolean }>(
        `SELECT (extract(epoch FROM ends_at - now()) * 1000)::int AS ms, paused_at IS NOT NULL AS paused
         FROM job_ref WHERE job_id = $1`,
        [job.id],
      );
      return { paused: clock.paused, minutes: Math.round(clock.ms / 60_000) };
    };
    expect(await left()).toEqual({ paused: false, minutes: 15 });
    await test.database.query(`UPDATE job_ref SET ends_at = ends_at - interval '5 minutes' WHERE job_id = $1`, [
      job.id,
    ]);
    await test.database.transaction((sql) => pauseJobs(sql, cluster));
    expect(await left()).toEqual({ paused: true, minutes: 24 * 60 });
    await test.database.transaction((sql) => pauseJobs(sql, cluster));
    await test.database.query(`UPDATE job_ref SET paused_at = paused_at - interval '1 hour' WHERE job_id = $1`, [
      job.id,
    ]);
    await test.database.transaction((sql) => resumeJobs(sql, cluster));
    expect(await left()).toEqual({ paused: false, minutes: 10 });
    await test.database.transaction((sql) => pauseJobs(sql, cluster));
    expect(await left()).toEqual({ paused: true, minutes: 23 * 60 });
    const told = await news(job.id);
    expect(told.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(told[1].job).toMatchObject({ reason: 'AgentAbsent', progress: expect.stringContaining('agent') });
    expect(told[2].job).toMatchObject({ reason: null });
  });
});
