import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addon } from '@runos/addons';
import {
  buildArchive,
  architecture,
  type ImageConfig,
  type BuildOptions,
  publishedManifest,
} from '@runos/testing-kube';
import { cachedFile } from '../cache/image-cache.js';

interface Workload {
  readonly kind: string;
  readonly spec?: {
    readonly template?: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** The image in the Deployment of CloudNativePG's published manifest. */
export async function operatorReference(): Promise<string> {
  const objects = await publishedManifest<Workload>(addon('cloudnative-pg'));
  const image = objects.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec.containers[0]?.image;
  if (!image) throw new Error('The published manifest of CloudNativePG has no Deployment with an image.');
  return image;
}

const config: ImageConfig = { User: '65532:65532', Entrypoint: ['/manager'], WorkingDir: '/' };

/** A dynamically linked program names its loader at the beginning of the file (ELF, section .interp). */
const interpreterBytes = 16 * 1024;

/**
 * CloudNativePG's image: the static program alone. The operator looks for `operator/manager_*` to learn for which
 * architectures it can serve instance managers.
 * @param manager path of the program, which `cmd/manager` of its module is built to, without cgo
 * @throws Error when the program is not static
 */
export async function operatorImage(manager: string, { onProgress, signal }: BuildOptions = {}): Promise<string> {
  const reference = await operatorReference();
  const content = await readFile(manager);
  if (content.subarray(0, interpreterBytes).includes('/ld-linux')) {
    throw new Error(`${manager} is linked dynamically, and its image has no libraries: build it with CGO_ENABLED=0.`);
  }
  const digest = createHash('sha256').update(content).digest('hex');
  return cachedFile({
    name: 'cloudnative-pg',
    ingredients: [reference, architecture(), digest, config],
    make: async (target, folder) => {
      const root = join(folder, 'root');
      const program = `operator/manager_${architecture()}`;
      await mkdir(join(root, 'operator'), { recursive: true });
      await copyFile(manager, join(root, program), constants.COPYFILE_FICLONE);
      await chmod(join(root, program), 0o755);
      await symlink(program, join(root, 'manager'));
      await mkdir(join(root, 'etc'));
      await writeFile(join(root, 'etc/passwd'), 'nonroot:x:65532:65532::/:/sbin/nologin\n');
      await mkdir(join(root, 'tmp'));
      await chmod(join(root, 'tmp'), 0o1777);
      await buildArchive({ reference, layers: [{ folder: root }], config }, target, signal);
      onProgress?.(`${reference}: made of the program that was built`);
    },
  });
}
