import { reconciler } from '@runos/contracts';
import { waitUntil } from '@runos/testing-process';
import { JobDeadlines } from '../src/jobs/job-deadlines.js';
import type { Harness, Instance } from './harness.js';
import { addNewerRenderer } from '@runos/service-types/testing';

/** The type whose instances the waves upgrade. */
export const waveType = 'valkey';

/** The steps of the specs of upgrade waves. `made` and `added` are what a test has created and has to take away. */
export function waveSteps(harness: () => Harness, type = waveType) {
  const made: Instance[] = [];
  const added: (() => void)[] = [];

  const create = async (count: number, cid = harness().cid): Promise<Instance[]> => {
    const created: Instance[] = [];
    for (let index = 0; index < count; index += 1) {
      const { id, osid, jobId } = await harness().request(reconciler.createInstance, { cid, type, fields: {} });
      if (cid === harness().cid) await harness().jobs.ended(jobId);
      created.push({ cid, type, id, osid });
    }
    made.push(...created);
    return created;
  };
  const newerBuild = (version = '9.0') => added.push(addNewerRenderer(type, version));
  const remove = async (one: Instance) => {
    const { jobId } = await harness().request(reconciler.deleteInstance, one);
    await harness().jobs.ended(jobId);
  };
  const stall = () => (harness().agent.onBundle = (bundle) => harness().agent.report(bundle, 'applying'));

  const plan = (options: { version?: string; limit?: number; cursor?: string } = {}, by = {}) =>
    harness().request(reconciler.planUpgradeWave, { type, limit: 50, ...options }, by);
  const start = (options: { version?: string; maxUnavailable?: number; type?: string } = {}) =>
    harness().request(reconciler.createUpgradeWave, { type, ...options });
  const show = (id: string) => harness().request(reconciler.showUpgradeWave, { id, limit: 100 });
  type Wave = Awaited<ReturnType<typeof show>>;
  const when = async (id: string, condition: (wave: Wave) => boolean): Promise<Wave> => {
    let wave = await show(id);
    const because = () => `the upgrade stayed ${JSON.stringify(wave)}`;
    await waitUntil(async () => condition((wave = await show(id))), { because });
    return wave;
  };
  const ended = (id: string) => when(id, ({ state }) => state !== 'running');
  const running = (id: string, count: number) => when(id, ({ counts }) => counts.running === count);
  const instanceOf = ({ instances }: Wave, { osid }: Instance) => {
    const found = instances.find((each) => each.osid === osid);
    if (found === undefined) throw new Error(`the upgrade has no ${osid}`);
    return found;
  };
  const jobOf = (wave: Wave, one: Instance): string => instanceOf(wave, one).jobId ?? '';
  /** Makes a stalled instance ready, which completes its job. */
  const finish = (wave: Wave, one: Instance) => harness().finish(jobOf(wave, one));
  const overdue = async (job: string) => {
    await harness().sql(`UPDATE job_ref SET deadline_at = now() WHERE job_id = $1`, [job]);
    await harness().replicas[0]?.app.get(JobDeadlines, { strict: false }).run();
  };
  const specOf = (one: Instance) =>
    harness().row<{ renderer: number; version: string }>(
      `SELECT (r.spec->'rendererVersion')::int AS renderer, r.spec->>'version' AS version
       FROM instance i JOIN revision r ON r.instance_id = i.id AND r.revision = i.revision WHERE i.osid = $1`,
      [one.osid],
    );
  const upgradeJobs = ({ osid }: Instance) =>
    harness().sql(`SELECT job_id FROM job_ref WHERE osid = $1 AND type = 'service.upgrade'`, [osid]);

  return {
    made,
    added,
    create,
    newerBuild,
    remove,
    stall,
    plan,
    start,
    show,
    when,
    ended,
    running,
    instanceOf,
    jobOf,
    finish,
    overdue,
    specOf,
    upgradeJobs,
  };
}
