import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '@runos/testing-process';
import { cgroupsOf, createCgroups, removeCgroups } from './node-cgroups.js';
import { busybox } from './system-images.js';

/** Whether this machine can do something; otherwise why not, in one sentence. */
export type MachineProbe = { readonly possible: true } | { readonly possible: false; readonly reason: string };

/** Programs of the system, and the Debian package of each. */
const requiredPrograms = {
  ip: 'iproute2',
  nft: 'nftables',
  iptables: 'iptables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  cc: 'gcc',
  'pkg-config': 'pkg-config',
} as const;

/** Each feature of the kernel is used once, in namespaces that end with the command. */
const kernelFeatures = {
  'network namespaces with bridges and veth':
    'ip link add name bridge0 type bridge && ip link add name cable0 type veth peer name cable1 && ip link set cable0 master bridge0',
  nf_tables: 'nft add table ip runos-probe',
  'overlay file systems':
    'mkdir -p "$1/l" "$1/u" "$1/w" "$1/m" && mount -t overlay overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w" "$1/m"',
  'mounts of proc and sysfs': 'mount -t proc proc /proc && mount -t sysfs sysfs /sys',
  'packet forwarding': 'mount -t proc proc /proc && echo 1 >/proc/sys/net/ipv4/ip_forward',
  'bridge-nf-call-iptables': 'mount -t proc proc /proc && test -w /proc/sys/net/bridge/bridge-nf-call-iptables',
} as const;

/**
 * Tries everything that real nodes need and undoes it.
 * @param folder where the nodes' data will be; its file system must carry overlays
 */
export function probeRealNodes(folder = tmpdir()): MachineProbe {
  const reason = whyImpossible(folder);
  return reason === undefined ? { possible: true } : { possible: false, reason };
}

/** What a volume with a size limit needs: a file that is mounted as a file system. */
const volumePrograms = { 'mkfs.ext4': 'e2fsprogs', losetup: 'mount', mountpoint: 'util-linux' } as const;
const volumeFeatures = {
  'loop devices':
    'truncate -s 8M "$1/v.img" && mkfs.ext4 -q -F "$1/v.img" && mkdir "$1/v" && mount -o loop "$1/v.img" "$1/v"',
} as const;

/**
 * Tries a mount of a file and undoes it. Without it, volumes of real nodes are folders that fill the disk of this machine.
 * @param folder where the nodes' data will be
 */
export function probeVolumeLimits(folder = tmpdir()): MachineProbe {
  const reason = lacksPrograms(volumePrograms) ?? lacksFeature(folder, volumeFeatures);
  return reason === undefined ? { possible: true } : { possible: false, reason };
}

function whyImpossible(folder: string): string | undefined {
  if (process.platform !== 'linux') return 'real nodes need Linux';
  if (process.getuid?.() !== 0) return 'real nodes need root';
  const others = [
    ...(isExecutable(busybox) ? [] : ['busybox-static']),
    ...(hasSeccompHeaders() ? [] : ['libseccomp-dev']),
  ];
  return lacksPrograms(requiredPrograms, others) ?? lacksCgroups() ?? lacksFeature(folder, kernelFeatures);
}

/** The packages of programs that are not there, and other missing ones. */
function lacksPrograms(programs: Readonly<Record<string, string>>, others: readonly string[] = []): string | undefined {
  const missing = Object.entries(programs).filter(([program]) => !findOnPath(program, systemPath()));
  const packages = new Set([...missing.map(([, name]) => name), ...others]);
  return packages.size === 0 ? undefined : `packages are missing: apt-get install ${[...packages].join(' ')}`;
}

const systemPath = (): string => `${process.env.PATH}:/usr/sbin:/sbin`;

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // the caller names the package
  }
};

const hasSeccompHeaders = (): boolean => attempt('pkg-config', ['--exists', 'libseccomp']) === undefined;

function lacksCgroups(): string | undefined {
  const cgroups = cgroupsOf(`runos-probe-${process.pid}`);
  try {
    createCgroups(cgroups);
    return undefined;
  } catch (error) {
    return `cgroups cannot be created: ${(error as Error).message}`;
  } finally {
    removeCgroups(cgroups.folders);
  }
}

function lacksFeature(folder: string, features: Readonly<Record<string, string>>): string | undefined {
  mkdirSync(folder, { recursive: true });
  const data = mkdtempSync(join(folder, 'runos-probe-'));
  try {
    for (const [feature, script] of Object.entries(features)) {
      const error = attempt('unshare', [
        '-m',
        '-n',
        '-p',
        '-C',
        '-i',
        '-u',
        '--fork',
        '/bin/sh',
        '-ec',
        script,
        'sh',
        data,
      ]);
      if (error !== undefined) return `the kernel or its container refuses ${feature}: ${error}`;
    }
    return undefined;
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** The last line of a failed command's errors; undefined when it succeeds. */
function attempt(command: string, args: readonly string[]): string | undefined {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000, env: { PATH: systemPath() } });
    return undefined;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: Buffer };
    return stderr?.toString().trim().split('\n').at(-1) || message;
  }
}
