import { expect, it } from '@jest/globals';
import { probeImages } from './probe-images.js';

const machine = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  hasProgram: () => true,
  hasFile: (path: string) => path.startsWith('/usr/share/keyrings/'),
} as const;

it('images are possible for root on Linux with the programs and the keys', () => {
  expect(probeImages(machine)).toEqual({ possible: true });
});

it.each([
  [{ platform: 'darwin' }, /Linux only, and this is darwin/],
  [{ arch: 's390x' }, /not for s390x/],
  [{ uid: 1000 }, /^only root/],
  [{ hasProgram: (name: string) => name !== 'mmdebstrap' }, /^packages are missing: apt-get install mmdebstrap$/],
  [{ hasProgram: (name: string) => name !== 'apt-get' }, /apt-get is not on PATH$/],
  [{ hasFile: () => false }, /^packages are missing: apt-get install debian-archive-keyring$/],
] as const)('images are impossible with %j, which the reason names', (difference, reason) => {
  const probe = probeImages({ ...machine, ...difference });
  expect(probe).toMatchObject({ possible: false, reason: expect.stringMatching(reason) });
});
