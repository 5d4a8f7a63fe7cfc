import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { sampleCatalog } from '../../test/sample-catalog.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /a1/cli/manifest', sampleCatalog);
  gateway.reply('GET /a1/cli/manifest-version', { version: sampleCatalog.version });
  gateway.reply('GET /a1/clusters', { clusters: [{ cid: 'demo' }] });
});

const run = (argv: string, env = {}) =>
  home.run(argv.split(' '), {
    env: { RUNOS_API_URL: gateway.url, RUNOS_API_KEY: 'key1', RUNOS_ACCOUNT_ID: 'a1', ...env },
  });
const file = (name: string) => join(home.folder, '.runos', name);
const paths = () => gateway.received.splice(0).map(({ url }) => url);
const expireCheck = () => {
  const cache = JSON.parse(readFileSync(file('cache.json'), 'utf8')) as {
    entries: Record<string, { expires_at: string }>;
  };
  for (const entry of Object.values(cache.entries)) entry.expires_at = '2000-01-01T00:00:00Z';
  writeFileSync(file('cache.json'), JSON.stringify(cache));
};

describe('the stored catalog', () => {
  it('is fetched once, kept for its owner and used without a request', async () => {
    await run('clusters list');
    expect(paths()).toEqual(['/a1/cli/manifest', '/a1/clusters']);
    await run('clusters list');
    expect(paths()).toEqual(['/a1/clusters']);
    expect(statSync(file('manifest.json')).mode & 0o777).toBe(0o600);
    expect(readFileSync(file('manifest.account'), 'utf8')).toBe('a1');
    expect(JSON.parse(readFileSync(file('manifest.json'), 'utf8'))).toEqual(sampleCatalog);
  });

  it('is fetched again when the server has another version, for another account, and for another address', async () => {
    await run('clusters list');
    expireCheck();
    paths();
    await run('clusters list');
    expect(paths()).toEqual(['/a1/cli/manifest-version', '/a1/clusters']);
    expireCheck();
    gateway.reply('GET /a1/cli/manifest-version', { version: '2' });
    await run('clusters list');
    expect(paths()).toEqual(['/a1/cli/manifest-version', '/a1/cli/manifest', '/a1/clusters']);
    await run('clusters list', { RUNOS_ACCOUNT_ID: 'a2' });
    expect(paths()).toEqual(['/a2/cli/manifest', '/cli/manifest']);
    await run('clusters list', { RUNOS_API_URL: gateway.url.replace('127.0.0.1', 'localhost') });
    expect(paths()[0]).toBe('/a1/cli/manifest');
  });

  it('is fetched by each command, with a warning, where no file can be written', async () => {
    writeFileSync(join(home.folder, '.runos'), 'no folder');
    for (let time = 0; time < 2; time += 1) {
      const { exitCode, stdout, stderr } = await run('clusters list --json');
      expect([exitCode, JSON.parse(stdout)]).toEqual([0, { clusters: [expect.objectContaining({ cid: 'demo' })] }]);
      expect(stderr).toMatch(/^Warning: the list of commands is not stored\. Cannot write .*\.runos.*\n$/);
    }
    expect(paths()).toEqual(Array(2).fill(['/a1/cli/manifest', '/a1/clusters']).flat());
  });

  it('is used when the server does not answer', async () => {
    await run('clusters list');
    expireCheck();
    gateway.reply('GET /a1/cli/manifest-version', (_request, response) => response.destroy());
    expect((await run('clusters list')).exitCode).toBe(0);
    const { stdout, exitCode } = await run('manifest list clusters');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('clusters list')]);
    expect((await run('services postgresql add --help')).stdout).toContain('--storage-mb <integer>');
  });

  it('falls back to that of everybody on 404 only', async () => {
    gateway.reply('GET /a1/cli/manifest', (_request, response) => answer(response, 404, { error: 'none' }));
    expect(await run('manifest update')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Error: This server offers no list of commands.\n'),
    });
    gateway.reply('GET /cli/manifest', sampleCatalog);
    expect((await run('manifest update')).stdout).toBe('12 commands, version 1.0.0 (new).\n');
    gateway.reply('GET /a1/cli/manifest', (_request, response) => answer(response, 403, { error: 'Not yours.' }));
    expect(await run('manifest update')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Not yours.') });
  });

  it('is fetched again once for a command that it does not have', async () => {
    await run('clusters list');
    const [first] = sampleCatalog.commands;
    gateway.reply('GET /a1/cli/manifest', { version: '2', commands: [{ ...first, command: 'clusters/all' }] });
    paths();
    expect((await run('clusters all')).exitCode).toBe(0);
    expect(paths()).toEqual(['/a1/cli/manifest', '/a1/clusters']);
  });

  it('is replaced when it is broken, and refused when the server sends something else', async () => {
    await run('clusters list');
    writeFileSync(file('manifest.json'), '{"version":');
    expect((await run('clusters list')).exitCode).toBe(0);
    gateway.reply('GET /a1/cli/manifest', { hello: 'world' });
    expect(await run('manifest update')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('holds no list of commands'),
    });
  });

  it('is not needed by what this program does itself', async () => {
    await run('version');
    await run('config get');
    expect(paths()).toEqual([]);
  });

  it('reports that a log-in is missing where a command needs one', async () => {
    const { exitCode, stderr } = await home.run(['services', 'list']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('You are not logged in.')]);
  });
});
