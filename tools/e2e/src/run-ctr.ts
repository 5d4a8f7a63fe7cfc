import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { buildNodePrograms } from '@runos/testing-kube';
import type { PlaneInfo } from './plane-data.js';

const run = promisify(execFile);

/** The import of a large image takes some seconds, ms. */
const timeoutMs = 60_000;

/**
 * Runs containerd's own client on each real node of a plane, on the images and containers of Kubernetes. Returns the
 * output of each node.
 */
export async function runCtr({ pids }: PlaneInfo, args: readonly string[]): Promise<string[]> {
  const ctr = (await buildNodePrograms()).program('ctr');
  const nodes = Object.entries(pids).filter(([name]) => /^node-\d+$/.test(name));
  return Promise.all(
    nodes.map(async ([, pid]) => {
      // The node's process 1 is the only child of the process that the plane supervises.
      const init = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim();
      const socket = `/proc/${init}/root/run/containerd/containerd.sock`;
      return (await run(ctr, ['-a', socket, '-n', 'k8s.io', ...args], { timeout: timeoutMs })).stdout;
    }),
  );
}

/** Gives an image to every real node of a plane, whose pods then need no registry. */
export async function importImage(info: PlaneInfo, archive: string): Promise<void> {
  await runCtr(info, ['images', 'import', '--local', archive]);
}
