import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buildArchive } from '../archive/build-archive.js';
import { type NodePrograms } from '../build/node-programs.js';
import { withLock } from '../build/toolbox.js';

/** Holds a pod's namespaces. Never a reference of a registry: no other machine has this image. */
export const pauseImage = 'runos.invalid/pause:1';
export const dnsImage = 'runos.invalid/coredns:1';
export const storageImage = 'runos.invalid/local-path-provisioner:1';
/** A shell for the pods that create and remove volumes. Its tag changes with its programs. */
export const shellImage = 'runos.invalid/busybox:2';

/** The static busybox of this machine (Debian's package busybox-static). */
export const busybox = '/bin/busybox';

/** Programs of busybox that the pods of this cluster call. */
const shellPrograms = ['sh', 'mkdir', 'rm', 'sleep', 'cat', 'wget', 'httpd', 'id', 'nsenter'].map(
  (name) => `bin/${name}`,
);

/** An image of one static program. */
interface ProgramImage {
  readonly reference: string;
  readonly program: string;
  /** Where the program is in the image, without the leading slash. */
  readonly paths: readonly string[];
  readonly entrypoint: readonly string[];
}

const imagesOf = ({ program }: NodePrograms): readonly ProgramImage[] => [
  { reference: pauseImage, paths: ['bin/sleep'], entrypoint: ['/bin/sleep', '2147483647'], program: busybox },
  { reference: dnsImage, paths: ['coredns'], entrypoint: ['/coredns'], program: program('coredns') },
  {
    reference: storageImage,
    paths: ['local-path-provisioner'],
    entrypoint: ['/local-path-provisioner'],
    program: program('local-path-provisioner'),
  },
  { reference: shellImage, paths: shellPrograms, entrypoint: ['/bin/sh'], program: busybox },
];

/** The archives of the images that every cluster of real nodes needs; written once per build. */
export async function systemImages(programs: NodePrograms): Promise<string[]> {
  return withLock(programs.folder, 'images', async () => {
    const archives: string[] = [];
    for (const image of imagesOf(programs)) {
      const file = join(programs.folder, `${basename(image.reference).replace(':', '-')}.tar`);
      if (!existsSync(file)) await writeImage(file, image);
      archives.push(file);
    }
    return archives;
  });
}

async function writeImage(file: string, { reference, program, paths, entrypoint }: ProgramImage): Promise<void> {
  const folder = await mkdtemp(`${file}.content-`);
  try {
    for (const path of paths) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await copyFile(program, join(folder, path));
      await chmod(join(folder, path), 0o755);
    }
    await mkdir(join(folder, 'tmp'));
    await chmod(join(folder, 'tmp'), 0o1777);
    await buildArchive({ reference, layers: [{ folder }], config: { Entrypoint: entrypoint } }, file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
