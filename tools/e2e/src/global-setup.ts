import { Plane, unlimited } from './plane.js';

/** Starts one plane for all specs of a run, because a start takes longer than most specs. */
export default async function globalSetup(): Promise<void> {
  const plane = await Plane.create();
  process.env['RUNOS_E2E_DATA'] = plane.data;
  // Short deadlines, so that a failing job fails within the timeout of a test. All specs together write more than a client.
  await plane.start('clusterReady', {
    ...unlimited,
    RUNOS_JOB_DEADLINE_SECONDS: '45',
    RUNOS_DELETION_BLOCKED_AFTER_MS: '10000',
  });
  (globalThis as { runosPlane?: Plane }).runosPlane = plane;
}
