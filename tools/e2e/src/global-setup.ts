import { Plane } from './plane.js';

/** One plane for all specs of a run: starting one takes longer than most of them. */
export default async function globalSetup(): Promise<void> {
  const plane = await Plane.create();
  process.env['RUNOS_E2E_DATA'] = plane.data;
  // What cannot succeed says so within a test's patience.
  await plane.start('clusterReady', { RUNOS_JOB_DEADLINE_SECONDS: '45', RUNOS_HELD_UP_AFTER_MS: '10000' });
  (globalThis as { runosPlane?: Plane }).runosPlane = plane;
}
