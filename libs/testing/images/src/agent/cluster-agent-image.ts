import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { buildArchive, architecture, type ImageConfig, type BuildOptions } from '@runos/testing-kube';
import { cachedFile, keyOf } from '../cache/image-cache.js';
import { type AgentFiles, agentFiles, repository } from './agent-files.js';
import { linkedLibraries } from './linked-libraries.js';

const main = 'apps/cluster-agent/dist/main.js';

/** The loader of another distribution would not look for the libraries in the folders of this one. */
const configOf = (libraries: readonly string[]): ImageConfig => ({
  User: '65532:65532',
  Env: [
    'PATH=/usr/local/bin:/usr/bin',
    `LD_LIBRARY_PATH=${[...new Set(libraries.map(dirname))].join(':')}`,
    'NODE_ENV=production',
  ],
  Entrypoint: ['node', main],
  WorkingDir: '/app',
});

/**
 * The image of this checkout's cluster agent: Node with this machine's C libraries, the compiled agent and its production
 * libraries. It runs by the shipped Deployment. Its tag changes with its content, so that a new build replaces the pods.
 * @throws Error when the agent is not compiled
 */
export async function clusterAgentImage(
  options: BuildOptions = {},
): Promise<{ readonly reference: string; readonly archive: string }> {
  if (!existsSync(join(repository, main))) throw new Error(`${main} is missing: run "npm run build" first.`);
  const files = await agentFiles();
  const node = `node_modules/node-linux-${process.arch}/bin/node`;
  const libraries = await linkedLibraries(join(repository, node));
  const config = configOf(libraries);
  const ingredients = [architecture(), config, node, await contentHash(files, libraries)];
  const reference = `runos.local/cluster-agent:${keyOf(ingredients)}`;
  const archive = await cachedFile({
    name: 'cluster-agent',
    ingredients,
    make: async (target, folder) => {
      const root = join(folder, 'root');
      await mkdir(join(root, 'tmp'), { recursive: true });
      await chmod(join(root, 'tmp'), 0o1777);
      for (const path of libraries) await copy(path, join(root, path), 0o755);
      await copy(node, join(root, 'usr/local/bin/node'), 0o755);
      const app = join(root, 'app');
      for (const path of [...files.installed, ...files.own]) await copy(path, join(app, path), 0o644);
      for (const [path, linked] of files.links) {
        await mkdir(join(app, dirname(path)), { recursive: true });
        await symlink(relative(dirname(path), linked), join(app, path));
      }
      await buildArchive({ reference, layers: [{ folder: root }], config }, target, options.signal);
      options.onProgress?.(`${reference}: made of this checkout`);
    },
  });
  return { reference, archive };
}

async function contentHash({ own }: AgentFiles, libraries: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of ['package-lock.json', ...own, ...libraries]) {
    const content = await readFile(resolve(repository, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** A path in the checkout, or of this machine. The mode is set, because a checkout may hide its files from other users. */
async function copy(path: string, target: string, mode: number): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await copyFile(resolve(repository, path), target, constants.COPYFILE_FICLONE);
  await chmod(target, mode);
}
