import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findOnPath, startChild, waitUntilReady } from './start-child.js';
import { endPreviousProcess, writePidFile } from './pid-file.js';
import { identify, ownIdentity, type ProcessIdentity } from './process-identity.js';
import { waitUntil } from './wait-until.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'runos-process-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);
const ended = (pid: number): Promise<void> =>
  waitUntil(() => identify(pid) === undefined, { because: () => `${pid} still runs` });

describe('startChild', () => {
  it('stops a child and removes its pid file', async () => {
    const child = await startChild({
      name: 'sleeper',
      command: 'sleep',
      args: ['60'],
      logFile: file('a'),
      pidFile: file('a.pid'),
    });
    expect(identify(child.pid)).toBeDefined();
    expect(existsSync(file('a.pid'))).toBe(true);
    await child.stop();
    expect(await child.ended).toBe('sleeper ended by SIGTERM');
    expect(identify(child.pid)).toBeUndefined();
    expect(existsSync(file('a.pid'))).toBe(false);
    await child.stop();
  });

  it('sends SIGKILL to a child that ignores SIGTERM', async () => {
    const args = ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'];
    const child = await startChild({ name: 'stubborn', command: 'bash', args, logFile: file('b') });
    await waitUntil(() => child.lastLogLines() === 'up', { because: () => 'it never began' });
    await child.stop({ graceMs: 100 });
    expect(await child.ended).toBe('stubborn ended by SIGKILL');
  });

  it('names a missing program', async () => {
    const missing = startChild({ name: 'ghost', command: '/no/such/program', args: [], logFile: file('c') });
    // Behind setpriv, the child ends with code 127 instead.
    const outcome = await missing.then((child) => child.ended).catch((error: Error) => error.message);
    expect(outcome).toMatch(/^ghost (cannot be started|ended with code 127)/);
  });

  it('reports a child that ends before it is ready, with the end of its log', async () => {
    const child = await startChild({
      name: 'short-lived',
      command: 'sh',
      args: ['-c', 'echo no port; exit 3'],
      logFile: file('d'),
    });
    await expect(waitUntilReady(child, () => new Promise(() => undefined))).rejects.toThrow(
      'short-lived did not get ready: short-lived ended with code 3\nno port',
    );
  });
});

describe('a child whose parent was killed', () => {
  /** Starts a Node process that starts `sleep`; kills the Node process as soon as it prints the number of `sleep`. */
  async function orphan(path: string): Promise<number> {
    const program = `
      import { startChild } from ${JSON.stringify(join(import.meta.dirname, '../dist/index.js'))};
      const child = await startChild({ name: 'orphan', command: 'sleep', args: ['60'], logFile: '${file('e')}', pidFile: '${file('e.pid')}' });
      console.log(child.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], { env: { PATH: path } });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    return Number(pid);
  }

  it('ends with the parent where the kernel supports it', async () => {
    if (!findOnPath('setpriv')) return;
    await ended(await orphan(process.env.PATH ?? ''));
  });

  it('ends even when the parent is killed before the kernel is set to send the signal', async () => {
    const setpriv = findOnPath('setpriv');
    if (!setpriv) return;
    const slow = mkdtempSync(join(folder, 'slow-'));
    writeFileSync(join(slow, 'setpriv'), `#!/bin/sh\nsleep 0.3\nexec ${setpriv} "$@"\n`, { mode: 0o755 });
    await ended(await orphan(`${slow}:${process.env.PATH}`));
  });

  it('is found by its pid file and ended elsewhere', async () => {
    const sleepAlone = mkdtempSync(join(folder, 'bin-'));
    symlinkSync(findOnPath('sleep') as string, join(sleepAlone, 'sleep'));
    const pid = await orphan(sleepAlone);
    expect(identify(pid)).toBeDefined();
    await endPreviousProcess(file('e.pid'));
    expect(identify(pid)).toBeUndefined();
    expect(existsSync(file('e.pid'))).toBe(false);
  });

  it('is left alone when another program has its number', async () => {
    const child = await startChild({ name: 'other', command: 'sleep', args: ['60'], logFile: file('f') });
    writePidFile(file('f.pid'), child.pid);
    const left = JSON.parse(readFileSync(file('f.pid'), 'utf8')) as Record<'child' | 'owner', ProcessIdentity>;
    const earlier = { ...left, child: { ...left.child, startedAt: '1' } };
    writeFileSync(file('f.pid'), JSON.stringify(earlier));
    await endPreviousProcess(file('f.pid'));
    expect(identify(child.pid)).toBeDefined();
    await child.stop();
  });

  it('is refused while its owner runs', async () => {
    const owner = spawn('sleep', ['60']);
    const child = await startChild({ name: 'owned', command: 'sleep', args: ['60'], logFile: file('g') });
    const pidFile = { child: identify(child.pid), owner: identify(owner.pid as number) };
    writeFileSync(file('g.pid'), JSON.stringify(pidFile));
    await expect(endPreviousProcess(file('g.pid'))).rejects.toThrow(`is in use by process ${owner.pid}`);
    expect(ownIdentity().pid).toBe(process.pid);
    owner.kill();
    await child.stop();
  });
});
