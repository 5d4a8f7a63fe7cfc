import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type JobProgress, reconciler } from '@runos/contracts';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { newJob } from '../../test/new-job.js';
import { startTestDatabase, type TestDatabase } from '../../test/test-database.js';
import { Wakeups } from '../work/wakeups.js';
import { JobRepository } from './job-repository.js';
import { type JobEnd, JobUpdateRepository } from './job-update-repository.js';
import { jobChange, jobEnd, JobUpdates } from './job-updates.js';
import { PausedDeadlineRepository } from './paused-deadline-repository.js';
import { reachStep } from './work-items.js';

describe('jobs in the database', () => {
  const updates = new JobUpdates(new JobUpdateRepository(), new Wakeups());
  const deadlines = new PausedDeadlineRepository();
  let test: TestDatabase;
  beforeAll(async () => {
    test = await startTestDatabase();
  });
  afterAll(() => test?.stop());

  let instances = 0;
  const cluster = { id: 7, cid: 'abc' };
  const create = (clusterId = 1) => {
    const jobId = uuidv7();
    const job = newJob({
      jobId,
      clusterId,
      instanceId: (instances += 1),
      osid: 'valkey-3f9k2',
      logs: [{ step: 'validate', level: 'info', message: 'valkey.c0.beff, 1 replica' }],
    });
    return test.database.transaction((sql) => new JobRepository(test.database).create(sql, job));
  };
  const end = (jobId: string, outcome: JobEnd['outcome']) => {
    const line = { level: 'info', message: outcome } as const;
    const reason = outcome === 'completed' ? {} : { reason: 'Because' };
    const error = outcome === 'failed' ? { error: 'it broke' } : {};
    return test.database.transaction((sql) =>
      updates.end(sql, [jobEnd({ jobId, outcome, ...reason, ...error, line })]),
    );
  };
  const published = async (jobId: string) => {
    const events = await test.database.query<{ body: JobProgress; headers: Record<string, string> }>(
      `SELECT body, headers FROM outbox WHERE body->'job'->>'id' = $1 ORDER BY seq`,
      [jobId],
    );
    return events.map(({ body, headers }) => ({ ...reconciler.jobProgressed.body.parse(body), headers }));
  };

  it('publish their progress according to the contract, with the new log lines', async () => {
    const created = await create();
    expect(reconciler.jobProgressed.body.parse(created)).toEqual(created);
    const { job, workItems } = created;
    const lastItemId = workItems[4]?.id ?? '';
    await test.database.transaction((sql) =>
      updates.change(sql, [
        jobChange({
          jobId: job.id,
          workItems: reachStep(workItems, 'wait-ready', new Date().toISOString()),
          progress: '1 of 2 objects ready',
          currentStep: 'wait-ready',
          reason: 'Progressing',
          loggedStates: { a: 'ready' },
          logs: [{ workItemId: lastItemId, level: 'info', message: 'Service a: ready' }],
        }),
      ]),
    );
    expect(await end(job.id, 'completed')).toEqual([job.id]);
    const [first, second, third] = await published(job.id);
    expect(first).toMatchObject({ ...created, headers: { 'runos-tenant': 'aaaaa' } });
    expect(second).toMatchObject({
      seq: 2,
      job: { status: 'running', progress: '1 of 2 objects ready', currentStep: 'wait-ready', reason: 'Progressing' },
      logs: [{ workItemId: lastItemId, message: 'Service a: ready' }],
    });
    expect(third).toMatchObject({ seq: 3, job: { status: 'completed', progress: null, reason: null } });
    expect(third?.workItems.map(({ status }) => status)).toEqual(Array(5).fill('completed'));
    const lineIds = [second, third].map((progress) => progress?.logs[0]?.id ?? '');
    expect(lineIds).toEqual([...lineIds].sort());
    expect(new Set(lineIds).size).toBe(2);
  });

  it('continue the trace of each change, also when one transaction writes many', async () => {
    const created = await Promise.all([create(), create()]);
    const traceOf = (n: number) => ({ traceparent: `00-${'ab'.repeat(15)}0${n}-${'cd'.repeat(8)}-01` });
    const ends = created.map(({ job }, n) => ({
      ...jobEnd({ jobId: job.id, outcome: 'completed', line: { level: 'info', message: 'done' } }),
      trace: traceOf(n),
    }));
    await test.database.transaction((sql) => updates.end(sql, ends));
    for (const [n, { job }] of created.entries()) {
      expect((await published(job.id)).at(-1)?.headers).toMatchObject({ 'runos-tenant': 'aaaaa', ...traceOf(n) });
    }
  });

  it('take two statements per write, for any number of jobs', async () => {
    const created = await Promise.all(Array.from({ length: 50 }, () => create(99)));
    const line = { level: 'info', message: 'done' } as const;
    const statements = async (work: (sql: EntityManager) => Promise<unknown>) => {
      let count = 0;
      await test.database.transaction(async (sql) => {
        const query = sql.query.bind(sql);
        sql.query = <T>(text: string, values?: unknown[]) => {
          count += 1;
          return query<T>(text, values);
        };
        await work(sql);
      });
      return count;
    };
    const ends = created.map(({ job }) => jobEnd({ jobId: job.id, outcome: 'completed', line }));
    expect(await statements((sql) => deadlines.pause(sql, { id: 99, cid: 'abc' }))).toBe(2);
    expect(await statements((sql) => updates.end(sql, ends))).toBe(2);
  });

  it('fail at their current step, and never run the later ones', async () => {
    const { job } = await create();
    await end(job.id, 'failed');
    const last = (await published(job.id)).at(-1);
    expect(last?.job).toMatchObject({ status: 'failed', error: 'it broke', reason: 'Because', currentStep: 'deliver' });
    expect(last?.workItems.map(({ status, result }) => [status, result])).toEqual([
      ['completed', null],
      ['completed', null],
      ['failed', 'it broke'],
      ['cancelled', null],
      ['cancelled', null],
    ]);
    expect(last?.logs[0]).toMatchObject({ workItemId: last?.workItems[2]?.id });
  });

  it('end once each: 500 jobs with three concurrent ends', async () => {
    const jobs = await Promise.all(Array.from({ length: 500 }, () => create()));
    const outcomes = ['completed', 'failed', 'cancelled'] as const;
    const ended = await Promise.all(jobs.flatMap(({ job }) => outcomes.map((outcome) => end(job.id, outcome))));
    expect(ended.flat().sort()).toEqual(jobs.map(({ job }) => job.id).sort());
    const counted = await test.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM outbox WHERE body->'job'->>'id' = ANY($1) AND body->'job'->>'completedAt' IS NOT NULL`,
      [jobs.map(({ job }) => job.id)],
    );
    expect(counted).toEqual([{ count: 500 }]);
  });

  it('do not change after their end', async () => {
    const { job, workItems } = await create();
    await end(job.id, 'cancelled');
    const values = { workItems, progress: 'x', currentStep: null, reason: null, loggedStates: {}, logs: [] };
    const change = jobChange({ jobId: job.id, ...values });
    await test.database.transaction((sql) => updates.change(sql, [change]));
    expect(await published(job.id)).toHaveLength(2);
  });

  it('have a paused deadline while the agent is disconnected, and resume with the rest of the timeout', async () => {
    const { job } = await create(cluster.id);
    const left = async () => {
      const [deadline] = await test.database.query<{ ms: number; paused: boolean }>(
        `SELECT (extract(epoch FROM deadline_at - now()) * 1000)::int AS ms, paused_at IS NOT NULL AS paused
         FROM job_ref WHERE job_id = $1`,
        [job.id],
      );
      return { paused: deadline?.paused, minutes: Math.round((deadline?.ms ?? 0) / 60_000) };
    };
    expect(await left()).toEqual({ paused: false, minutes: 15 });
    await test.database.query(`UPDATE job_ref SET deadline_at = deadline_at - interval '5 minutes' WHERE job_id = $1`, [
      job.id,
    ]);
    await test.database.transaction((sql) => deadlines.pause(sql, cluster));
    expect(await left()).toEqual({ paused: true, minutes: 24 * 60 });
    await test.database.transaction((sql) => deadlines.pause(sql, cluster));
    await test.database.query(`UPDATE job_ref SET paused_at = paused_at - interval '1 hour' WHERE job_id = $1`, [
      job.id,
    ]);
    await test.database.transaction((sql) => deadlines.resume(sql, cluster));
    expect(await left()).toEqual({ paused: false, minutes: 10 });
    await test.database.transaction((sql) => deadlines.pause(sql, cluster));
    expect(await left()).toEqual({ paused: true, minutes: 23 * 60 });
    const events = await published(job.id);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(events[1]?.job).toMatchObject({ reason: 'AgentAbsent', progress: expect.stringContaining('agent') });
    expect(events[2]?.job).toMatchObject({ reason: null });
  });
});
