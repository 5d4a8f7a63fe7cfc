import { createHash } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { buildArchive, architecture, type ImageConfig, type BuildOptions } from '@runos/testing-kube';
import { cachedFile, keyOf } from '../cache/image-cache.js';
import { contentOptions, type DebianRoot, installPackages, suite } from '../debian/install-packages.js';
import { type AgentFiles, agentFiles, repository } from './agent-files.js';

const main = 'apps/cluster-agent/dist/main.js';

const config: ImageConfig = {
  User: '65532:65532',
  Env: ['PATH=/usr/local/bin:/usr/bin', 'NODE_ENV=production'],
  Entrypoint: ['node', main],
  WorkingDir: '/app',
};

/** What the program `node` links, and nothing else. */
const base: DebianRoot = { packages: ['base-files', 'libc6', 'libstdc++6'], variant: 'extract' };

/**
 * The image of this checkout's cluster agent: Node, the compiled agent and its production libraries. It runs by the
 * shipped Deployment. Its tag changes with its content, so that a new build replaces the pods.
 * @throws Error when the agent is not compiled
 */
export async function clusterAgentImage(
  options: BuildOptions = {},
): Promise<{ readonly reference: string; readonly archive: string }> {
  if (!existsSync(join(repository, main))) throw new Error(`${main} is missing: run "npm run build" first.`);
  const files = await agentFiles();
  const node = `node_modules/node-linux-${process.arch}/bin/node`;
  const ingredients = [suite, architecture(), contentOptions(base), config, node, await contentHash(files)];
  const reference = `runos.local/cluster-agent:${keyOf(ingredients)}`;
  const archive = await cachedFile({
    name: 'cluster-agent',
    ingredients,
    make: async (target, folder) => {
      const tar = await baseLayer(options);
      const root = join(folder, 'root');
      await copy(node, join(root, 'usr/local/bin/node'), 0o755);
      const app = join(root, 'app');
      for (const path of [...files.installed, ...files.own]) await copy(path, join(app, path), 0o644);
      for (const [path, linked] of files.links) {
        await mkdir(join(app, dirname(path)), { recursive: true });
        await symlink(relative(dirname(path), linked), join(app, path));
      }
      await buildArchive({ reference, layers: [{ tar }, { folder: root }], config }, target, options.signal);
      options.onProgress?.(`${reference}: made of this checkout`);
    },
  });
  return { reference, archive };
}

const baseLayer = ({ onProgress, signal }: BuildOptions): Promise<string> =>
  cachedFile({
    name: 'node-base',
    ingredients: [suite, architecture(), contentOptions(base)],
    make: (target, folder) => {
      onProgress?.("cluster-agent: its base is made of Debian's packages, once per machine");
      return installPackages(base, target, folder, signal);
    },
  });

async function contentHash({ own }: AgentFiles): Promise<string> {
  const hash = createHash('sha256');
  for (const path of ['package-lock.json', ...own]) {
    const content = await readFile(join(repository, path));
    hash.update(`${path} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

/** The mode is set, because a checkout may hide its files from other users. */
async function copy(path: string, target: string, mode: number): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await copyFile(join(repository, path), target, constants.COPYFILE_FICLONE);
  await chmod(target, mode);
}
