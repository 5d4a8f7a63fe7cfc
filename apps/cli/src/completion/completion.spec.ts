import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway(async (started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', sampleCatalog);
  await run('manifest', 'update');
});

const run = (...argv: string[]) =>
  home.run(argv, {
    env: {
      RUNOS_API_URL: gateway.url,
      RUNOS_API_KEY: 'key1',
      RUNOS_ACCOUNT_ID: 'a1',
      RUNOS_CLUSTER_ID: 'demo',
    },
  });
const complete = async (...words: string[]) =>
  (await run('__complete', ...words)).stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
const values = async (...words: string[]) => (await complete(...words)).map(([value]) => value);

describe('completion', () => {
  it('offers commands of this program and of the catalog, with what they do', async () => {
    expect(await values('')).toEqual(expect.arrayContaining(['login', 'services', 'clusters', 'follow']));
    expect(await complete('clusters', 'l')).toEqual([['list', 'List clusters.']]);
    expect(await values('services', 'postgresql', 's')).toEqual(['show']);
    expect(await values('nothing', 'here', '')).toEqual(await values(''));
  });

  it('offers options and their values', async () => {
    expect(await values('services', 'postgresql', 'add', '--st')).toEqual(['--storage-mb']);
    expect(await values('services', 'postgresql', 'add', '--resource-requirement-class-id', '')).toEqual([
      'postgresql.c0.small',
      'custom',
    ]);
    expect(await values('services', 'postgresql', 'add', '-o', 'y')).toEqual(['yaml']);
  });

  it('offers ids from the API with their names, and those of the last time when it does not answer', async () => {
    const services = [{ id: 'o0i2a', name: 'orders', status: 'healthy' }];
    gateway.reply('GET /a1/demo/services/postgresql', { services });
    expect(await complete('services', 'postgresql', 'show', '')).toEqual([['o0i2a', 'orders · healthy']]);
    gateway.reply('GET /a1/demo/services/postgresql', () => undefined);
    expect(await complete('services', 'postgresql', 'delete', '--yes', 'o')).toEqual([['o0i2a', 'orders · healthy']]);
    gateway.reply('GET /a1/clusters', { clusters: [{ cid: 'demo', name: 'Demo' }] });
    expect(await values('services', 'postgresql', 'list', '--cid', '')).toEqual(['demo']);
    expect(await values('services', 'postgresql', 'show', 'o0i2a', '')).toEqual([]);
  });

  it('prints a script that bash takes', async () => {
    const { stdout } = await run('completion', 'bash');
    const program = join(home.folder, 'runos');
    writeFileSync(program, '#!/bin/sh\nshift\nprintf "%s\\tabout\\n" "$*-one" two\n');
    chmodSync(program, 0o755);
    const script = `${stdout}\nCOMP_WORDS=(runos services po); COMP_CWORD=2; _runos; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const env = { PATH: `${home.folder}:/usr/bin:/bin` };
    const bash = spawnSync('bash', ['--norc', '-euc', script], { encoding: 'utf8', timeout: 10_000, env });
    expect([bash.stderr, bash.stdout]).toEqual(['', 'services po-one\ntwo\n']);
  });

  it('refuses shells that it does not know', async () => {
    expect(await run('completion', 'csh')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('bash, zsh, fish'),
    });
  });
});
