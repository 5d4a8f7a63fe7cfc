import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startChild } from '@runos/testing-process';
import { cgroupsOf, createCgroups, missingControllers, removeLeftCgroups } from './node-cgroups.js';
import { onRealNodes } from './on-real-nodes.js';
import { runCommand } from './run-command.js';

const session = '0::/user.slice/user-0.slice/session-1.scope\n';
const all = 'cpuset cpu io memory pids\n';

describe('the cgroups of a node', () => {
  it('are below the own ones in each hierarchy of version 1', () => {
    const { folders, hierarchies } = cgroupsOf('node', '2:cpu,cpuacct:/\n1:name=systemd:/own\n0::/\n');
    expect(hierarchies).toEqual(['cpu,cpuacct', 'systemd']);
    expect(folders).toEqual(['/sys/fs/cgroup/cpu,cpuacct/node', '/sys/fs/cgroup/systemd/own/node']);
  });

  it.each([
    ['the own cgroup of version 2 that gives its controllers', '/user.slice/user-0.slice/session-1.scope'],
    ['the next cgroup above that gives all of them', '/user.slice'],
    ['the root', '/'],
  ])('are below %s', (_, giving) => {
    const given = (folder: string): string => (folder === join('/sys/fs/cgroup', giving) ? all : 'memory pids\n');
    expect(cgroupsOf('node', session, given).folders).toEqual([join('/sys/fs/cgroup', giving, 'node')]);
  });

  it('are below the own one where none gives controllers', () => {
    const { folders } = cgroupsOf('node', session, () => '\n');
    expect(folders).toEqual(['/sys/fs/cgroup/user.slice/user-0.slice/session-1.scope/node']);
  });

  it.each(['', '\n'])('cannot be found without an own one', (lines) => {
    expect(() => cgroupsOf('node', lines)).toThrow('/proc/self/cgroup names no cgroup');
  });
});

describe('the controllers that a node lacks', () => {
  it.each([
    [all, []],
    ['memory pids\n', ['cpu', 'cpuset']],
    ['', ['cpu', 'cpuset', 'memory', 'pids']],
  ])('are, of %j of version 2, %j', (content, missing) => {
    expect(
      missingControllers(
        cgroupsOf('node', session, () => all),
        () => content,
      ),
    ).toEqual(missing);
  });

  it('are those without a hierarchy of version 1', () => {
    expect(missingControllers(cgroupsOf('node', '1:name=systemd:/\n0::/\n'))).toHaveLength(4);
    const lines = '3:cpuset:/\n2:cpu,cpuacct:/\n4:memory:/\n5:pids:/\n';
    expect(missingControllers(cgroupsOf('node', lines))).toEqual([]);
  });
});

onRealNodes(describe)('the cgroups of a node on this machine', () => {
  it('are removed with those of its pods, as soon as its last process has ended', async () => {
    const { folders, entries, ...others } = cgroupsOf(`runos-spec-${process.pid}`);
    createCgroups({ folders, entries, ...others });
    for (const folder of folders) mkdirSync(join(folder, 'kubepods'));
    const enter = 'for entry in "$@"; do echo $$ > "$entry"; done; exec sleep 60';
    const logFile = '/dev/null';
    const left = await startChild({ name: 'left', command: 'sh', args: ['-c', enter, 'sh', ...entries], logFile });
    const removed = removeLeftCgroups(folders);
    await left.stop({ signal: 'SIGKILL' });
    await removed;
    expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
  });

  it('cannot be created on a read-only file system, which the error names', async () => {
    const module = JSON.stringify(join(import.meta.dirname, '../../dist/nodes/node-cgroups.js'));
    const cgroups = `{ folders: ['/mnt/own/node'], entries: [], startEntries: [], hierarchies: ['cpu'] }`;
    const program = `import { createCgroups } from ${module}; createCgroups(${cgroups});`;
    const script = 'mount -t tmpfs tmpfs /mnt; mkdir /mnt/own; mount -o remount,ro /mnt; exec "$0" "$@"';
    const node = [process.execPath, '--input-type=module', '-e', program];
    const created = runCommand('unshare', ['-m', 'sh', '-ec', script, ...node]);
    await expect(created).rejects.toThrow("EROFS: read-only file system, mkdir '/mnt/own/node'");
  });
});
