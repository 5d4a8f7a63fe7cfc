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

describe('the process', () => {
  it('prints its version', () => {
    const { stdout } = spawnSync(process.execPath, [program, 'version'], { env, encoding: 'utf8' });
    expect(stdout).toBe(`runos ${ownVersion()}\n`);
  });

  it('has help for a command of 700', () => {
    const { stdout } = spawnSync(process.execPath, [program, 'group1', 'verb1', '--help'], { env, encoding: 'utf8' });
    expect(stdout).toContain('Usage: runos group1 verb1');
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
