import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Finding } from './bench.js';

const repository = join(import.meta.dirname, '../../..');
const testProgram = 'tools/checks/test.mjs';

/** `npm test` in this built checkout; with `--first` also in a fresh clone. */
export async function benchTests(args: readonly string[]): Promise<readonly Finding[]> {
  const { values } = parseArgs({
    args: [...args],
    options: { first: { type: 'boolean', default: false } },
    strict: false,
  });
  const findings = [await timed('npm test again, everything built', repository, 8)];
  if (values.first) {
    const folder = await mkdtemp(join(tmpdir(), 'runos-first-'));
    try {
      const code = await run('git', ['clone', '--quiet', repository, folder], { stdio: 'inherit' });
      if (code !== 0) throw new Error('the repository could not be cloned');
      findings.push(await timed('npm test for the first time', folder, 45));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return findings;
}

async function timed(what: string, folder: string, mostMinutes: number): Promise<Finding> {
  const began = performance.now();
  const code = await run(process.execPath, [testProgram], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const minutes = (performance.now() - began) / 60_000;
  return {
    what,
    goal: `≤ ${mostMinutes} min`,
    figure: `${minutes.toFixed(1)} min${code === 0 ? '' : ', and it failed'}`,
    reference: '',
    met: code === 0 && minutes <= mostMinutes,
  };
}

async function run(command: string, args: readonly string[], options: SpawnOptions): Promise<number | null> {
  const [code] = (await once(spawn(command, args, options), 'exit')) as [number | null];
  return code;
}
