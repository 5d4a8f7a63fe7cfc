import { existsSync } from 'node:fs';
import { type MachineProbe, withoutPackages } from '@runos/testing-kube';
import { findOnPath } from '@runos/testing-process';
import { keyrings } from './debian/apt-sources.js';

/** What the probe looks at; tests replace it. */
interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly uid: number | undefined;
  readonly hasProgram: (name: string) => boolean;
  readonly hasFile: (path: string) => boolean;
}

const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  uid: process.getuid?.(),
  hasProgram: (name) => findOnPath(name) !== undefined,
  hasFile: existsSync,
};

/** Programs, and the packages of Debian and Ubuntu that have them. */
const programs = [
  ['tar', 'tar'],
  ['mmdebstrap', 'mmdebstrap'],
] as const;

/** Whether images can be made of Debian's packages on this machine, or in one sentence why not. */
export function probeImages({ platform, arch, uid, hasProgram, hasFile }: Machine = thisMachine): MachineProbe {
  const impossible = (reason: string): MachineProbe => ({ possible: false, reason });
  if (platform !== 'linux') return impossible(`images are made on Linux only, and this is ${platform}`);
  if (arch !== 'x64' && arch !== 'arm64') return impossible(`images are made for x64 and arm64 only, not for ${arch}`);
  if (uid !== 0) return impossible('only root can make images, because their files belong to several users');
  if (!hasProgram('apt-get')) return impossible('images are made of packages of Debian, and apt-get is not on PATH');
  return withoutPackages([
    ...programs.flatMap(([name, debianPackage]) => (hasProgram(name) ? [] : [debianPackage])),
    ...(keyrings.some(hasFile) ? [] : ['debian-archive-keyring']),
  ]);
}
