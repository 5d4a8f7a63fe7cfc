import { existsSync, readFileSync } from 'node:fs';
import { probeSources } from '@runos/testing-images';
import { type MachineProbe, type NodesKind, probeRealNodes } from '@runos/testing-kube';
import { writeFileAtomic } from '@runos/testing-process';
import { type PlaneContext } from '../start-plane.js';

/** Whether a demo cluster can have real nodes here, with the images of its services; otherwise why not. */
export async function probeDemoNodes(folder?: string): Promise<MachineProbe> {
  const nodes = probeRealNodes(folder);
  return nodes.possible ? probeSources() : nodes;
}

/**
 * The kind of the demo cluster's nodes on this data: it never changes, because a cluster's objects name its nodes. The
 * first start takes real nodes where they are possible, and otherwise prints why not.
 * @throws Error with one sentence when the requested kind is impossible, or not the kind of the data
 */
export async function chooseNodes({ options, folder, terminal }: PlaneContext): Promise<NodesKind> {
  const file = folder.in('nodes.json');
  const requested = options.nodes;
  const previous = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as NodesKind)
    : existsSync(folder.in('kube', 'etcd'))
      ? 'simulated' // data of a version that had no others
      : undefined;
  if (previous && requested !== 'auto' && requested !== previous)
    throw new Error(
      `The demo cluster of ${folder.path} has ${previous} nodes: npm run reset, or another --data folder.`,
    );
  const kind = previous ?? (requested === 'simulated' ? 'simulated' : undefined);
  if (kind === 'simulated') return remember(file, kind);
  const probe = await probeDemoNodes(folder.path);
  if (probe.possible) return remember(file, 'real');
  const reason = probe.reason.replace(/\.$/, '');
  if (kind === 'real' || requested === 'real') throw new Error(`Real nodes are not possible: ${reason}.`);
  terminal.print(`The demo cluster's nodes are simulated: ${reason}.`);
  return remember(file, 'simulated');
}

function remember(file: string, kind: NodesKind): NodesKind {
  writeFileAtomic(file, JSON.stringify(kind));
  return kind;
}
