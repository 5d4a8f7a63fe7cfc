import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildArchive, architecture, type ImageConfig, type BuildOptions } from '@runos/testing-kube';
import { cachedFile } from '../cache/image-cache.js';
import { contentOptions, type DebianRoot, installPackages, suite } from '../debian/install-packages.js';

/** How a service's image is made of Debian's packages, so that it behaves as the published one. */
export interface DebianImage {
  /** The first package is the service itself; its version must be that of the service. */
  readonly packages: readonly string[];
  readonly user: ServiceUser;
  /** Folders that belong to the user. */
  readonly folders?: readonly string[];
  readonly excluded?: readonly string[];
  /** Shell commands with the new root in `$1`. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  /** Path and content of executable files. */
  readonly files?: Readonly<Record<string, string>>;
  readonly config: ImageConfig;
}

interface ServiceUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** Makes the image once per machine. @returns the path of its archive */
export function debianImage(
  reference: string,
  version: string,
  image: DebianImage,
  { onProgress, signal }: BuildOptions,
): Promise<string> {
  const root = rootOf(version, image);
  const { config, files = {} } = image;
  const name = reference.replace(/^.*\//, '').replace(':', '-');
  return cachedFile({
    name,
    ingredients: [reference, suite, architecture(), contentOptions(root), config, files],
    make: async (target, folder) => {
      onProgress?.(`${reference}: made of Debian's packages, once per machine`);
      const tar = join(folder, 'root.tar');
      await installPackages(root, tar, folder, signal);
      const layers = [{ tar }, ...(await filesLayer(files, folder))];
      await buildArchive({ reference, layers, config }, target, signal);
      onProgress?.(`${reference}: made`);
    },
  });
}

function rootOf(
  version: string,
  { packages, user, folders = [], excluded, before = [], after = [] }: DebianImage,
): DebianRoot {
  const { name, uid, gid, home } = user;
  return {
    packages,
    excluded,
    // The packages keep an existing user, so the ids are those of the published image.
    before: [
      `echo ${name}:x:${gid}: >> "$1"/etc/group`,
      `echo ${name}:x:${uid}:${gid}::${home}:/bin/sh >> "$1"/etc/passwd`,
      ...before,
    ],
    after: [
      hasVersion(packages[0] as string, version),
      ...folders.map((folder) => `install -d -o ${uid} -g ${gid} "$1"${folder}`),
      ...after,
    ],
  };
}

/** Fails unless the installed package has this version: `8.1` accepts 8.1.3, with or without an epoch. */
export const hasVersion = (packageName: string, version: string): string =>
  `found=$(chroot "$1" dpkg-query -W -f '\${Version}' ${packageName}); case "\${found#*:}" in ${version}[.-]*) ;; *) ` +
  `echo "Debian ${suite} has ${packageName} $found, not ${version}" >&2; exit 1 ;; esac`;

async function filesLayer(files: Readonly<Record<string, string>>, folder: string) {
  if (Object.keys(files).length === 0) return [];
  const layer = join(folder, 'files');
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(layer, dirname(path)), { recursive: true, mode: 0o755 });
    await writeFile(join(layer, path), content);
    await chmod(join(layer, path), 0o755);
  }
  return [{ folder: layer }];
}
