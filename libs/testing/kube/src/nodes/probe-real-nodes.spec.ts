import { tmpdir } from 'node:os';
import { expect, it } from '@jest/globals';
import { type Machine, probeRealNodes } from './probe-real-nodes.js';

const machine: Machine = {
  platform: 'linux',
  uid: 0,
  hasProgram: () => true,
  hasFile: () => true,
  attempt: () => undefined,
  tryCgroups: () => [],
};

/** Commands whose words include this text fail. */
const failing = (text: string, error: string): Machine['attempt'] => {
  return (command, args) => ([command, ...args].join(' ').includes(text) ? error : undefined);
};

const noCgroups = (): never => {
  throw new Error('/proc/self/cgroup names no cgroup of this process');
};

it('real nodes are possible where everything is there', () => {
  expect(probeRealNodes(tmpdir(), machine)).toEqual({ possible: true });
});

it.each<[string, Partial<Machine>, string]>([
  ['on another system', { platform: 'darwin' }, 'real nodes need Linux'],
  ['for an ordinary user', { uid: 1000 }, 'real nodes need root'],
  [
    'where version 2 of cgroups gives too few controllers',
    { tryCgroups: () => ['cpu', 'cpuset'] },
    'no cgroup from this process upwards gives the controllers cpu, cpuset to a new one',
  ],
  [
    'without any cgroup',
    { tryCgroups: noCgroups },
    'cgroups cannot be created: /proc/self/cgroup names no cgroup of this process',
  ],
  [
    'where the kernel refuses a feature, even if packages are missing',
    { hasProgram: (name) => name !== 'ip', attempt: failing('ip_forward', 'Read-only file system') },
    'the kernel or its container refuses packet forwarding: Read-only file system',
  ],
])('real nodes are impossible %s, and no package is named', (_, difference, reason) => {
  expect(probeRealNodes(tmpdir(), { ...machine, ...difference })).toEqual({ possible: false, reason });
});

it('only pkg-config is named where it alone is missing', () => {
  const without: Machine = {
    ...machine,
    hasProgram: (name) => name !== 'pkg-config',
    attempt: failing('pkg-config', 'spawnSync pkg-config ENOENT'),
  };
  expect(probeRealNodes(tmpdir(), without)).toMatchObject({ packages: ['pkg-config'] });
});

it('all missing packages are named at once', () => {
  const bare: Machine = {
    ...machine,
    hasProgram: (name) => ['unshare', 'nsenter', 'setpriv', 'mount'].includes(name),
    hasFile: () => false,
    attempt: failing('seccomp', 'not found'),
  };
  expect(probeRealNodes(tmpdir(), bare)).toEqual({
    possible: false,
    packages: ['iproute2', 'nftables', 'iptables', 'gcc', 'pkg-config', 'busybox-static', 'libseccomp-dev'],
    reason:
      'packages are missing: apt-get install iproute2 nftables iptables gcc pkg-config busybox-static libseccomp-dev',
  });
});
