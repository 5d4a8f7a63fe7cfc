import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answer, type FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /user/accounts', {
    accounts: [{ aid: 'l8kk4', companyName: 'Acme', accountRole: 'owner', isDefault: true }],
  });
  gateway.reply('GET /l8kk4/cli/manifest', { version: '1', commands: [] });
  gateway.reply('GET /l8kk4/clusters', { clusters: [{ cid: 'demo', name: 'Demo' }] });
});

const configFile = () => join(home.folder, '.runos/config.json');
const config = () => JSON.parse(readFileSync(configFile(), 'utf8')) as Record<string, unknown>;
const logIn = (key = 'key1') =>
  home.run(['login', '--api-url', `${gateway.url}/`, '--with-key'], { input: `${key}\n` });

describe('login', () => {
  it('stores key, account and address for their owner alone, and fetches the catalog', async () => {
    expect(await logIn()).toEqual({
      exitCode: 0,
      stdout: `Logged in to account l8kk4 (Acme) at ${gateway.url}.\n`,
      stderr: 'Next: runos status\n',
    });
    expect(config()).toMatchObject({ conductor_url: gateway.url, account_id: 'l8kk4', api_key: 'key1' });
    expect(statSync(configFile()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home.folder, '.runos')).mode & 0o777).toBe(0o700);
    expect(gateway.received.map(({ url }) => url)).toEqual(['/user/accounts', '/l8kk4/cli/manifest']);
    expect(gateway.received[0]?.headers.authorization).toBe('Bearer key1');
  });

  it('keeps what other programs store in the file', async () => {
    mkdirSync(join(home.folder, '.runos'));
    writeFileSync(configFile(), JSON.stringify({ env: 'custom', refresh_token: 'r' }));
    await logIn();
    expect(config()).toMatchObject({ env: 'custom', refresh_token: 'r', api_key: 'key1' });
  });

  it('prompts for the key without showing it', async () => {
    const { exitCode, stderr } = await home.run(['login', '--api-url', gateway.url], { columns: 80, input: 'key2\n' });
    expect([exitCode, config()['api_key']]).toEqual([0, 'key2']);
    expect(stderr).toContain('API key');
    expect(stderr).not.toContain('key2');
  });

  it('stores nothing when the server refuses the key, and names why', async () => {
    gateway.reply('GET /user/accounts', (_request, response) =>
      answer(response, 401, {
        error: 'Invalid token',
        reason: 'revoked',
        revokedAt: '2030-01-01T00:00:00Z',
        traceId: 'ab12',
      }),
    );
    const { exitCode, stderr } = await logIn();
    expect([exitCode, stderr]).toEqual([
      1,
      [
        'Error: The server does not accept your key: Invalid token (revoked at 2030-01-01T00:00:00Z).',
        '  Do      runos login with a valid key, or set RUNOS_API_KEY to one',
        '  Trace   ab12',
        '',
      ].join('\n'),
    ]);
    expect((await home.run(['config', 'get', 'api-url'])).stdout).toBe('\n');
  });

  it('refuses an account that is not one of the key', async () => {
    const argv = ['login', '--api-url', gateway.url, '--api-key', 'key1', '--account-id', 'other'];
    expect(await home.run(argv)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('not of account other, but of l8kk4'),
    });
  });

  it('needs a key and an address without a terminal', async () => {
    expect(await home.run(['login'])).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('--api-url') });
    expect(await home.run(['login', '--api-url', gateway.url])).toMatchObject({ exitCode: 64 });
  });

  it('finds the plane that npm start runs in the checkout', async () => {
    expect(await home.run(['login', '--local'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('npm start'),
    });
    mkdirSync(join(home.folder, '.runos'));
    for (const text of ['{"apiUrl":', '{"apiUrl":"","aid":"","token":""}']) {
      writeFileSync(join(home.folder, '.runos/dev.json'), text);
      expect((await home.run(['login', '--local'])).stderr).toContain('The local plane is not ready yet.');
    }
    const plane = { apiUrl: gateway.url, aid: 'l8kk4', token: 'key3', cid: 'demo' };
    writeFileSync(join(home.folder, '.runos/dev.json'), JSON.stringify(plane));
    const { exitCode, stdout, stderr } = await home.run(['login', '--local']);
    expect([exitCode, `${stdout}${stderr}`.includes('key3')]).toEqual([0, false]);
    expect(config()).toMatchObject({ api_key: 'key3', default_cluster_id: 'demo' });
  });
});

describe('the settings', () => {
  it('come from the environment before the file', async () => {
    await logIn();
    const env = { RUNOS_API_URL: 'http://localhost:1', RUNOS_ACCOUNT_ID: 'other', RUNOS_CLUSTER_ID: 'c1' };
    const { stdout } = await home.run(['config', 'get', '--json'], { env });
    expect(JSON.parse(stdout)).toEqual({
      'api-url': 'http://localhost:1',
      'account-id': 'other',
      cid: 'c1',
      'key-store': 'file',
      'console-url': null,
    });
  });

  it('are checked before they are stored', async () => {
    expect((await home.run(['config', 'set', 'cid', 'no'])).exitCode).toBe(64);
    expect((await home.run(['config', 'set', 'api-url', 'ftp://x'])).exitCode).toBe(1);
    expect((await home.run(['config', 'set', 'account-id', 'x'])).exitCode).toBe(64);
    expect((await home.run(['config', 'get', 'nothing'])).stderr).toContain('choose one of api-url');
    expect((await home.run(['config', 'set', 'cid', 'demo'])).exitCode).toBe(0);
    expect((await home.run(['config', 'get', 'cid'])).stdout).toBe('demo\n');
  });

  it('name the file that is broken', async () => {
    mkdirSync(join(home.folder, '.runos'));
    writeFileSync(configFile(), '{"account_id":');
    const { exitCode, stderr } = await home.run(['status']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`  File    ${configFile()}`)]);
  });
});

describe('a session', () => {
  beforeEach(() => logIn());

  it('shows account, role and where the key is', async () => {
    const { stdout } = await home.run(['whoami', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      accountId: 'l8kk4',
      name: 'Acme',
      role: 'owner',
      key: configFile(),
      apiUrl: gateway.url,
    });
  });

  it('has a status with and without an answer of the API', async () => {
    await home.run(['clusters', 'default', 'demo']);
    const { stdout } = await home.run(['status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      authenticated: true,
      authMethod: 'pat-stored',
      defaultClusterName: 'Demo',
      defaultClusterMissing: false,
    });
    const away = await home.run(['status', '--json'], { env: { RUNOS_API_URL: 'http://127.0.0.1:65534' } });
    expect(JSON.parse(away.stdout)).toMatchObject({
      apiAnswers: false,
      reason: expect.stringContaining('Cannot reach'),
    });
  });

  it('chooses a cluster that exists, and trusts the user when the API is away', async () => {
    expect(await home.run(['clusters', 'default', 'demo'])).toMatchObject({ exitCode: 0, stdout: 'demo\n' });
    expect(await home.run(['clusters', 'default', 'demi'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('choose one of demo'),
    });
    const away = { env: { RUNOS_API_URL: 'http://127.0.0.1:65534' } };
    expect(await home.run(['clusters', 'default', 'prod1'], away)).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining('Warning:'),
    });
  });

  it('switches between accounts by their stored keys', async () => {
    gateway.reply('GET /user/accounts', { accounts: [{ aid: 'second' }] });
    await logIn('key2');
    expect(config()).toMatchObject({ account_id: 'second', api_key: 'key2' });
    expect((await home.run(['account', 'switch', 'l8kk4'])).exitCode).toBe(0);
    expect(config()).toMatchObject({ account_id: 'l8kk4', api_key: 'key1' });
    const { stdout } = await home.run(['account', 'list', '--json']);
    const { accounts } = JSON.parse(stdout) as { accounts: { accountId: string; active: boolean }[] };
    expect(accounts.map(({ accountId, active }) => [accountId, active])).toEqual([
      ['second', false],
      ['l8kk4', true],
    ]);
    expect(await home.run(['account', 'switch', 'third'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('runos login --account-id third'),
    });
  });

  it('ends with logout, which forgets the key', async () => {
    await home.run(['logout']);
    expect(JSON.stringify(config())).not.toContain('key1');
    expect(await home.run(['whoami'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('You are not logged in.'),
    });
  });
});
