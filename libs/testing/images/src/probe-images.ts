import { existsSync } from 'node:fs';
import type { MachineProbe } from '@runos/testing-kube';
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
  ['apt-get', 'apt'],
  ['mmdebstrap', 'mmdebstrap'],
] as const;

/** Whether images can be made of Debian's packages on this machine, or in one sentence why not. */
export function probeImages({ platform, arch, uid, hasProgram, hasFile }: Machine = thisMachine): MachineProbe {
  const impossible = (reason: string): MachineProbe => ({ possible: false, reason });
  if (platform !== 'linux') return impossible(`Images are made on Linux only, and this is ${platform}.`);
  if (arch !== 'x64' && arch !== 'arm64') return impossible(`Images are made for x64 and arm64 only, not for ${arch}.`);
  if (uid !== 0) return impossible('Only root can make images, because their files belong to several users.');
  const missing = programs.find(([name]) => !hasProgram(name));
  if (missing) return impossible(`${missing[0]} is not on PATH: run "apt-get install ${missing[1]}".`);
  if (!keyrings.some(hasFile)) {
    return impossible('The keys of Debian\'s archive are missing: run "apt-get install debian-archive-keyring".');
  }
  return { possible: true };
}
