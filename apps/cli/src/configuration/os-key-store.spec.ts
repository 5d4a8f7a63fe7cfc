import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FakeGateway } from '../../test/fake-gateway.js';
import type { CliHome } from '../../test/memory-terminal.js';
import { useFakeGateway } from '../../test/use-fake-gateway.js';
import { OsKeyStore } from './os-key-store.js';

/** Keep keys as files of a folder, and record their arguments, as the programs of the platforms would. */
const secretTool = `#!/bin/sh
echo "$*" >> "$HOME/arguments"
[ -e "$HOME/locked" ] && { echo 'Cannot autolaunch D-Bus without X11 $DISPLAY' >&2; exit 1; }
for account; do :; done
case "$1" in
  store) cat > "$HOME/keys/$account" ;;
  lookup) cat "$HOME/keys/$account" 2>/dev/null ;;
  clear) rm -f "$HOME/keys/$account" ;;
esac
`;
const security = `#!/bin/sh
echo "$*" >> "$HOME/arguments"
case "$1" in
  -i) read -r _ _ _ _ _ account _ key; echo "$key" | tr -d '"' > "$HOME/keys/$account" ;;
  find-generic-password) cat "$HOME/keys/$5" 2>/dev/null || { echo 'The specified item could not be found.' >&2; exit 44; } ;;
  delete-generic-password) rm "$HOME/keys/$5" 2>/dev/null || exit 44 ;;
esac
`;

let gateway: FakeGateway;
let home: CliHome;
useFakeGateway((started) => {
  ({ gateway, home } = started);
  gateway.reply('GET /user/accounts', { accounts: [{ aid: 'a1', isDefault: true }] });
  gateway.reply('GET /a1/cli/manifest', { version: '1', commands: [] });
});
const file = (name: string) => join(home.folder, name);
const env = (more: Record<string, string> = {}) => ({
  HOME: home.folder,
  PATH: `${file('bin')}:${process.env['PATH'] ?? ''}`,
  ...more,
});
beforeEach(() => {
  for (const name of ['bin', 'keys']) mkdirSync(file(name));
  for (const [name, text] of Object.entries({ 'secret-tool': secretTool, security })) {
    writeFileSync(file(`bin/${name}`), text);
    chmodSync(file(`bin/${name}`), 0o755);
  }
});

describe.each(['linux', 'darwin'] as const)('the key store of %s', (platform) => {
  const store = () => new OsKeyStore(env(), platform);

  it('keeps, replaces and forgets keys, which are never arguments', () => {
    expect(store().read('a1')).toBeUndefined();
    store().write('a1', 'runos_pat_k1.secret');
    store().write('a1', 'runos_pat_k2.secret');
    store().write('a2', 'other');
    expect([store().read('a1'), store().read('a2')]).toEqual(['runos_pat_k2.secret', 'other']);
    store().remove('a1');
    store().remove('a1');
    expect([store().read('a1'), store().read('a2')]).toEqual([undefined, 'other']);
    expect(readFileSync(file('arguments'), 'utf8')).not.toMatch(/secret\n|other/);
  });

  it.each(['a"b', 'a\\b', 'a b', 'a\nb', ''])('refuses the key %j', (key) => {
    expect(() => store().write('a1', key)).toThrow('cannot keep this key');
    expect(readdirSync(file('keys'))).toEqual([]);
  });

  it('reports that its program is missing', () => {
    expect(() => new OsKeyStore({ PATH: '/nonexistent' }, platform).read('a1')).toThrow(
      /cannot be used: \S+: .*ENOENT/,
    );
  });

  it('reports a program that keeps nothing', () => {
    for (const name of ['secret-tool', 'security']) writeFileSync(file(`bin/${name}`), '#!/bin/sh\ncat > /dev/null\n');
    expect(() => store().write('a1', 'key1')).toThrow('did not keep the key of account a1');
  });
});

it('the key store of another platform is not supported', () => {
  expect(() => new OsKeyStore(env(), 'win32').read('a1')).toThrow('is not supported on win32');
});

describe('config set key-store', () => {
  const run = (argv: string, more: Record<string, string> = {}, input = '') =>
    home.run(argv.split(' '), { env: env(more), input });
  const logIn = (key: string) => run(`login --api-url ${gateway.url} --with-key`, {}, `${key}\n`);
  const stored = () => readFileSync(file('.runos/config.json'), 'utf8');

  it('moves the keys to the operating system, where log-ins store and log-outs remove them', async () => {
    await logIn('key1');
    expect(await run('config set key-store os')).toMatchObject({ exitCode: 0, stdout: 'key-store is os.\n' });
    expect([stored().includes('key1'), readFileSync(file('keys/a1'), 'utf8').trim()]).toEqual([false, 'key1']);
    expect((await run('whoami')).stdout).toContain('the key store of the operating system');
    expect(gateway.received.at(-1)?.headers.authorization).toBe('Bearer key1');
    await logIn('key2');
    expect([stored().includes('key2'), readFileSync(file('keys/a1'), 'utf8').trim()]).toEqual([false, 'key2']);
    await run('logout');
    expect(existsSync(file('keys/a1'))).toBe(false);
    expect((await run('whoami')).stderr).toContain('You are not logged in.');
  });

  it('moves them back into the file', async () => {
    await logIn('key1');
    await run('config set key-store os');
    expect((await run('config set key-store file')).exitCode).toBe(0);
    expect([stored().includes('key1'), existsSync(file('keys/a1'))]).toEqual([true, false]);
    expect((await run('config get key-store')).stdout).toBe('file\n');
  });

  it('never falls back to text', async () => {
    await logIn('key1');
    await run('config set key-store os');
    writeFileSync(file('locked'), '');
    const { exitCode, stderr } = await logIn('key2');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('does not answer: secret-tool: Cannot autolaunch')]);
    expect(stored()).not.toContain('key2');
    expect((await run('whoami')).stderr).toContain('runos config set key-store file');
    expect((await run('whoami', { RUNOS_API_KEY: 'key3' })).exitCode).toBe(0);
    expect((await run('config get key-store')).stdout).toBe('os\n');
  });

  it('can be left when the operating system does not give the keys back', async () => {
    await logIn('key1');
    await run('config set key-store os');
    writeFileSync(file('locked'), '');
    expect(await run('config set key-store file')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The keys stay in the key store'),
    });
    expect((await logIn('key2')).exitCode).toBe(0);
    expect(stored()).toContain('key2');
  });

  it('stays at the file when the operating system has no store', async () => {
    await logIn('key1');
    writeFileSync(file('locked'), '');
    expect((await run('config set key-store os')).exitCode).toBe(1);
    expect(stored()).toContain('key1');
    expect(await run('config set key-store cloud')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('"cloud" is no place for keys: os or file.'),
    });
  });
});
