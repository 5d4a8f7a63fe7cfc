import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliHome } from '../../test/memory-terminal.js';
import type { Catalog } from '../catalog/catalog.js';
import { ownVersion } from '../commands/own-version.js';

const program = resolve(import.meta.dirname, '../../bin/runos.mjs');
const home = new CliHome();
const env = { HOME: home.folder, NODE_COMPILE_CACHE: join(home.folder, 'compiled'), RUNOS_ACCOUNT_ID: 'a1' };
afterAll(() => home.remove());

const fields = Array.from({ length: 12 }, (_, index) => ({ name: `fieldNumber${index}`, type: 'string' }));
const commands = Array.from({ length: 700 }, (_, index) => ({
  command: `group${index % 70}/verb${index}`,
  description: 'Do it.',
  endpoint: '/:aid/x',
  method: 'POST',
  input: { fields },
}));
const catalog: Catalog = { version: '1', commands };

beforeAll(() => {
  const folder = join(home.folder, '.runos');
  mkdirSync(folder);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(catalog));
  writeFileSync(join(folder, 'manifest.account'), 'a1');
});

/** The processor time of this run alone, ms: other work of the machine does not count. */
function cpuMsOf(argv: readonly string[]): number {
  const script = 'process.on("exit", () => process.stderr.write(`cpu ${process.cpuUsage().user}\\n`))';
  const hook = `data:text/javascript,${encodeURIComponent(script)}`;
  const { stderr, status } = spawnSync(process.execPath, ['--import', hook, ...argv], { env, encoding: 'utf8' });
  expect(status).toBe(0);
  return Number(/cpu (\d+)/.exec(stderr)?.[1]) / 1_000;
}
const least = (argv: readonly string[]): number => Math.min(...[1, 2, 3, 4].map(() => cpuMsOf(argv)));

describe('the process', () => {
  it('prints its version at the same cost as an empty program', () => {
    const { stdout } = spawnSync(process.execPath, [program, 'version'], { env, encoding: 'utf8' });
    expect(stdout).toBe(`runos ${ownVersion()}\n`);
    expect(least([program, 'version'])).toBeLessThan(2 * least(['-e', '0']));
  });

  it('starts within 150 ms with a catalog of 700 commands', () => {
    expect(least([program, 'group1', 'verb1', '--help'])).toBeLessThan(150);
  });

  it('ends without an error when its reader has enough', async () => {
    const child = spawn(process.execPath, [program, 'manifest', 'list', '--json'], { env });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'exit')) as [number];
    expect([code, stderr]).toEqual([0, '']);
  });
});
