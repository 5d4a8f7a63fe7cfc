import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cgroupsOf, missingControllers } from './node-cgroups.js';

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
