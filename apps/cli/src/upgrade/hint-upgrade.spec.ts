import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';
import { ownVersion } from '../commands/own-version.js';
import { isNewer } from './offered-version.js';

let gateway: FakeGateway;
let home: CliHome;
const setting = 'GET /a1/system-config';
const offer = (value: string) => gateway.reply(setting, { key: 'CLI_VERSION', value, scope: 'system' });
useFakeGateway((started) => {
  ({ gateway, home } = started);
  offer('9.0.1');
});

const env = () => ({ RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'a1' });
const run = (argv: string, columns: number | undefined = 80, more: Record<string, string> = {}) =>
  home.run(argv.split(' '), { columns, env: { ...env(), ...more } });
const hint = () => `runos 9.0.1 is available, this is ${ownVersion()}: npm install --global runos\n`;
const cacheFile = () => join(home.folder, '.runos/cache.json');

describe('the hint for an upgrade', () => {
  it('names a newer version once a day', async () => {
    expect((await run('config get')).stderr).toBe(hint());
    expect((await run('config get')).stderr).toBe('');
    expect(gateway.received.map(({ url }) => url)).toEqual(['/a1/system-config?key=CLI_VERSION']);
    const { entries } = JSON.parse(readFileSync(cacheFile(), 'utf8')) as {
      entries: Record<string, { expires_at: string }>;
    };
    for (const entry of Object.values(entries)) entry.expires_at = '2000-01-01T00:00:00Z';
    writeFileSync(cacheFile(), JSON.stringify({ entries }));
    expect((await run('config get')).stderr).toBe(hint());
  });

  it('is for people alone', async () => {
    expect((await home.run(['config', 'get'], { env: env() })).stderr).toBe('');
    for (const argv of ['config get --quiet', 'config get --json', 'completion bash'])
      expect((await run(argv)).stderr).toBe('');
    expect((await run('config get', 80, { CI: 'true' })).stderr).toBe('');
    expect((await home.run(['config', 'get'], { columns: 80 })).stderr).toBe('');
    expect(gateway.received).toEqual([]);
  });

  it.each(['0.0.1', 'newest', ownVersion()])('is not shown for the version %s', async (value) => {
    offer(value);
    expect((await run('config get')).stderr).toBe('');
  });

  it('never fails a command, and is not looked for again at once', async () => {
    gateway.reply(setting, (_request, response) => answer(response, 500, { error: 'It failed.' }));
    expect(await run('config get')).toMatchObject({ exitCode: 0, stderr: '' });
    offer('9.0.1');
    expect((await run('config get')).stderr).toBe('');
  });
});

describe('upgrade', () => {
  it('shows the offered version, and how to install it', async () => {
    expect(JSON.parse((await run('upgrade --json')).stdout)).toEqual({
      version: ownVersion(),
      offered: '9.0.1',
      command: 'npm install --global runos',
    });
  });

  it('reports that there is none', async () => {
    offer(ownVersion());
    expect((await run('upgrade')).stderr).toBe('This is the newest version that the server offers.\n');
    gateway.reply(setting, (_request, response) => answer(response, 404, { error: 'No.', code: 'setting.not_found' }));
    expect(await run('upgrade')).toMatchObject({ exitCode: 0, stderr: 'This server names no version of runos.\n' });
  });
});

describe('a version', () => {
  it.each([
    ['1.10.0', '1.9.9', true],
    ['2.0.0', '1.99.0', true],
    ['1.0.0', '1.0.0-rc.1', true],
    ['1.0.0-rc.1', '1.0.0', false],
    ['1.0.0', '1.0.0', false],
    ['1.0', '0.1.0', false],
  ])('%s after %s: %s', (version, than, expected) => {
    expect(isNewer(version, than)).toBe(expected);
  });
});
