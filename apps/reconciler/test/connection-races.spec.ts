import { afterEach, describe, expect, it } from '@jest/globals';
import { reconciler } from '@runos/contracts';
import { closeBarrier } from './barrier.js';
import { type Harness, useHarness } from './harness.js';

describe('a job that opens while the connection of its agent changes', () => {
  let harness: Harness;
  useHarness(async (started) => {
    harness = started;
    harness.agent.onBundle = async () => undefined;
  });
  afterEach(() => harness.agent.connect());

  const type = 'valkey';
  const create = () => harness.request(reconciler.createInstance, { cid: harness.cid, type, fields: {} });
  const nameOf = (id: string) => ({ cid: harness.cid, type, id });
  const update = (id: string) =>
    harness.request(reconciler.updateInstance, { ...nameOf(id), fields: { cpuLimitMc: 900 } });

  interface Opening {
    readonly jobId: string;
    run(): Promise<unknown>;
  }
  /** What opens a job. Each is prepared while the agent is connected, and runs later. */
  const openings = {
    'a creation': async () => {
      const opening = { jobId: '', run: async () => ({ jobId: opening.jobId } = await create()) };
      return opening;
    },
    'an update': async () => {
      const { id } = await create();
      const opening = {
        jobId: '',
        run: async () => {
          const updated = await update(id);
          if ('jobId' in updated) opening.jobId = updated.jobId;
        },
      };
      return opening;
    },
    'the end of the job before it': async () => {
      const made = await create();
      await harness.finish(made.jobId);
      const { jobId: restart } = await harness.request(reconciler.restartInstance, nameOf(made.id));
      const { jobId } = (await update(made.id)) as { jobId: string };
      await harness.jobs.delivered(restart);
      const run = () => harness.agent.report(harness.agent.bundleOf(made.osid), 'ready');
      return { jobId, run };
    },
  } satisfies Record<string, () => Promise<Opening>>;

  const clockOf = (jobId: string) =>
    harness.row<{ paused: boolean; hours: number }>(
      `SELECT paused_at IS NOT NULL AS paused, round(extract(epoch FROM deadline_at - now()) / 3600)::int AS hours
       FROM job_ref WHERE job_id = $1`,
      [jobId],
    );
  const changes = {
    disconnects: { before: () => harness.agent.connect(), run: () => harness.agent.disconnect() },
    connects: { before: () => harness.agent.disconnect(), run: () => harness.agent.connect() },
  };
  const clocks = { disconnects: { paused: true, hours: 24 }, connects: { paused: false, hours: 0 } };
  const directions = ['disconnects', 'connects'] as const;
  const names = Object.keys(openings) as (keyof typeof openings)[];
  const cases = names.flatMap((name) => directions.map((direction) => ({ name, direction })));

  it.each(cases)(
    'by $name has the clock of an agent that $direction before its commit',
    async ({ name, direction }) => {
      const opening: Opening = await openings[name]();
      const change = changes[direction];
      await change.before();
      // The opening has read the connection, and its job is not visible yet.
      const barrier = await closeBarrier(harness.database, 'revision');
      const opened = opening.run();
      await barrier.untilWaiting(1);
      const changed = change.run();
      await barrier.untilWaiting(2, changed);
      await barrier.open();
      await Promise.all([opened, changed]);
      expect(await clockOf(opening.jobId)).toEqual(clocks[direction]);
    },
  );

  it.each(cases)('by $name has the clock of an agent that $direction after its start', async ({ name, direction }) => {
    const opening: Opening = await openings[name]();
    const change = changes[direction];
    await change.before();
    // The change has looked for the jobs to pause or resume, and is not visible yet.
    const barrier = await closeBarrier(harness.database, 'job_log');
    const changed = change.run();
    await barrier.untilWaiting(1);
    const opened = opening.run();
    await barrier.untilWaiting(2);
    await barrier.open();
    await Promise.all([opened, changed]);
    expect(await clockOf(opening.jobId)).toEqual(clocks[direction]);
  });
});
