import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const command = resolve(import.meta.dirname, '../../start/dist/plane.js');

/** `npm run plane -- stop|start NAME` against the shared plane. */
export async function plane(verb: 'stop' | 'start', name: string): Promise<void> {
  await promisify(execFile)(process.execPath, [command, verb, name, '--data', String(process.env['RUNOS_E2E_DATA'])]);
}
