import { Plane } from '@runos/tool-e2e';
import { buildRealNodes, probeDemoNodes } from '@runos/tool-start';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Starts one plane with real nodes for all specs of a run, where such nodes are possible. It is started twice: the second
 * start finds the data of the first, and has other ports for agents. Its cluster must connect again.
 */
export default async function globalSetup(): Promise<void> {
  if (!(await probeDemoNodes()).possible) return; // the specs name the reason
  await buildRealNodes({ onProgress: print });
  const plane = await Plane.create();
  process.env['RUNOS_E2E_DATA'] = plane.data;
  const options = ['--nodes', 'real'];
  // Jobs that are to fail do so within the time of a test; all others end long before.
  const environment = { RUNOS_JOB_DEADLINE_SECONDS: '150' };
  const first = await plane.start('clusterReady', environment, ...options);
  await plane.stop();
  const { agentGateway } = await plane.start('clusterReady', environment, ...options);
  if (agentGateway.stream === first.agentGateway.stream) throw new Error('the second start has the ports of the first');
  (globalThis as { runosPlane?: Plane }).runosPlane = plane;
}
