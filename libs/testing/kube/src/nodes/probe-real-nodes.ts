import { execFileSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath } from '@runos/testing-process';
import { cgroupsOf, createCgroups, missingControllers, removeCgroups } from './node-cgroups.js';
import { busybox } from './system-images.js';

/** Whether this machine can do something; otherwise why not, in one sentence. */
export type MachineProbe =
  | { readonly possible: true }
  | {
      readonly possible: false;
      readonly reason: string;
      /** The Debian packages that make it possible, where nothing else is missing. */
      readonly packages?: readonly string[];
    };

/** What the probe looks at; tests replace it. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly uid: number | undefined;
  readonly hasProgram: (name: string) => boolean;
  readonly hasFile: (path: string) => boolean;
  /** Runs a command; the last line of its errors when it fails. */
  readonly attempt: (command: string, args: readonly string[]) => string | undefined;
  /** Creates the cgroups of a node and removes them; returns the missing controllers. @throws Error with the reason */
  readonly tryCgroups: () => readonly string[];
}

const thisMachine: Machine = {
  platform: process.platform,
  uid: process.getuid?.(),
  hasProgram: (name) => findOnPath(name, systemPath()) !== undefined,
  hasFile: isExecutable,
  attempt,
  tryCgroups,
};

/** Programs of the system, and the Debian package of each. */
const requiredPrograms = {
  ip: 'iproute2',
  nft: 'nftables',
  iptables: 'iptables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  cc: 'gcc',
  'pkg-config': 'pkg-config',
} as const;

interface Feature {
  readonly script: string;
  /** A program that the script needs beside `unshare` and `mount`. */
  readonly program?: string;
}

/** Each feature of the kernel is used once, in namespaces that end with the command. */
const kernelFeatures: Readonly<Record<string, Feature>> = {
  'mounts of proc and sysfs': { script: 'mount -t proc proc /proc && mount -t sysfs sysfs /sys' },
  'overlay file systems': {
    script:
      'mkdir -p "$1/l" "$1/u" "$1/w" "$1/m" && mount -t overlay overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w" "$1/m"',
  },
  'packet forwarding': { script: 'mount -t proc proc /proc && echo 1 >/proc/sys/net/ipv4/ip_forward' },
  'network namespaces with bridges and veth': {
    program: 'ip',
    script:
      'ip link add name bridge0 type bridge && ip link add name cable0 type veth peer name cable1 && ip link set cable0 master bridge0',
  },
  nf_tables: { program: 'nft', script: 'nft add table ip runos-probe' },
  'bridge-nf-call-iptables': {
    script: `mount -t proc proc /proc && cd /proc/sys/net
      test -e bridge || { echo 'its module is not loaded, run "modprobe br_netfilter"' >&2; exit 1; }
      test -w bridge/bridge-nf-call-iptables || { echo 'it is read-only' >&2; exit 1; }`,
  },
};

/**
 * Tries everything that real nodes need and undoes it.
 * @param folder where the nodes' data will be; its file system must carry overlays
 */
export function probeRealNodes(folder = tmpdir(), machine = thisMachine): MachineProbe {
  if (machine.platform !== 'linux') return impossible('real nodes need Linux');
  if (machine.uid !== 0) return impossible('real nodes need root');
  // The kernel first: no package helps where a container or its host refuses something.
  const refused = lacksCgroups(machine) ?? lacksFeature(folder, kernelFeatures, machine);
  if (refused !== undefined) return impossible(refused);
  return withoutPackages([
    ...packagesOf(requiredPrograms, machine),
    ...(machine.hasFile(busybox) ? [] : ['busybox-static']),
    ...(hasLibseccomp(machine) ? [] : ['libseccomp-dev']),
  ]);
}

/** Without pkg-config, a header of the package shows that it is installed. */
function hasLibseccomp({ attempt, hasProgram }: Machine): boolean {
  const [command, args] = hasProgram('pkg-config')
    ? ['pkg-config', ['--exists', 'libseccomp']]
    : ['test', ['-e', '/usr/include/seccomp.h']];
  return attempt(command, args) === undefined;
}

/** What a volume with a size limit needs: a file that is mounted as a file system. */
const volumePrograms = { 'mkfs.ext4': 'e2fsprogs', losetup: 'mount', mountpoint: 'util-linux' } as const;
const volumeFeatures: Readonly<Record<string, Feature>> = {
  'loop devices': {
    script:
      'truncate -s 8M "$1/v.img" && mkfs.ext4 -q -F "$1/v.img" && mkdir "$1/v" && mount -o loop "$1/v.img" "$1/v"',
  },
};

/**
 * Tries a mount of a file and undoes it. Without it, volumes of real nodes are folders that fill the disk of this machine.
 * @param folder where the nodes' data will be
 */
export function probeVolumeLimits(folder = tmpdir(), machine = thisMachine): MachineProbe {
  const packages = packagesOf(volumePrograms, machine);
  if (packages.length > 0) return withoutPackages(packages);
  const refused = lacksFeature(folder, volumeFeatures, machine);
  return refused === undefined ? { possible: true } : impossible(refused);
}

const impossible = (reason: string): MachineProbe => ({ possible: false, reason });

/** The probe of a machine that lacks these packages alone; possible without any. */
export function withoutPackages(missing: readonly string[]): MachineProbe {
  const packages = [...new Set(missing)];
  if (packages.length === 0) return { possible: true };
  return { possible: false, reason: `packages are missing: apt-get install ${packages.join(' ')}`, packages };
}

const packagesOf = (programs: Readonly<Record<string, string>>, { hasProgram }: Machine): string[] =>
  Object.entries(programs).flatMap(([program, name]) => (hasProgram(program) ? [] : [name]));

const systemPath = (): string => `${process.env.PATH}:/usr/sbin:/sbin`;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // the caller names the package
  }
}

function lacksCgroups({ tryCgroups }: Machine): string | undefined {
  try {
    const missing = tryCgroups();
    if (missing.length === 0) return undefined;
    return `no cgroup from this process upwards gives the controllers ${missing.join(', ')} to a new one`;
  } catch (error) {
    return `cgroups cannot be created: ${(error as Error).message.replaceAll(probeName, 'runos-probe')}`;
  }
}

const probeName = `runos-probe-${process.pid}`;

function tryCgroups(): readonly string[] {
  const cgroups = cgroupsOf(probeName);
  try {
    createCgroups(cgroups);
    return missingControllers(cgroups);
  } finally {
    removeCgroups(cgroups.folders);
  }
}

const namespaces = ['-m', '-n', '-p', '-C', '-i', '-u', '--fork'];

function lacksFeature(
  folder: string,
  features: Readonly<Record<string, Feature>>,
  { attempt, hasProgram }: Machine,
): string | undefined {
  if (!hasProgram('unshare')) return undefined; // the package is named later
  mkdirSync(folder, { recursive: true });
  const data = mkdtempSync(join(folder, 'runos-probe-'));
  try {
    for (const [feature, { script, program }] of Object.entries(features)) {
      if (program !== undefined && !hasProgram(program)) continue; // likewise
      const error = attempt('unshare', [...namespaces, '/bin/sh', '-ec', script, 'sh', data]);
      // Without the name of the temporary folder, the reason is the same at each probe.
      if (error !== undefined)
        return `the kernel or its container refuses ${feature}: ${error.replaceAll(data, folder)}`;
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
