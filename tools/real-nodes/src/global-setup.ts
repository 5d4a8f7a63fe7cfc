import { Plane } from '@runos/tool-e2e';
import { buildRealNodes, probeDemoNodes } from '@runos/tool-start';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Starts one plane with real nodes for all specs of a run, where such nodes are possible. */
export default async function globalSetup(): Promise<void> {
  if (!(await probeDemoNodes()).possible) return; // the specs name the reason
  await buildRealNodes({ onProgress: print });
  const plane = await Plane.create();
  process.env['RUNOS_E2E_DATA'] = plane.data;
  await plane.start('clusterReady', {}, '--nodes', 'real');
  (globalThis as { runosPlane?: Plane }).runosPlane = plane;
}
