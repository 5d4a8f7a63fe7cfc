import { existsSync, readFileSync } from 'node:fs';
import { probeSources } from '@runos/testing-images';
import { type MachineProbe, type NodesKind, probeRealNodes, withoutPackages } from '@runos/testing-kube';
import { writeFileAtomic } from '@runos/testing-process';
import { type PlaneContext } from '../start-plane.js';

/** Whether a demo cluster can have real nodes here, with the images of its services; otherwise why not. */
export async function probeDemoNodes(folder?: string): Promise<MachineProbe> {
  return withImages(probeRealNodes(folder), () => probeSources());
}

/** The packages of nodes and images in one reason, unless another reason makes each package useless. */
export async function withImages(nodes: MachineProbe, probe: () => Promise<MachineProbe>): Promise<MachineProbe> {
  if (!nodes.possible && !nodes.packages) return nodes;
  const images = await probe();
  if (nodes.possible || (!images.possible && !images.packages)) return images;
  return withoutPackages([...(nodes.packages ?? []), ...(images.possible ? [] : (images.packages ?? []))]);
}

/**
 * The kind of the demo cluster's nodes on this data: it never changes, because a cluster's objects name its nodes. The
 * first start takes real nodes where they are possible. Every start with simulated ones prints why, or that they need
 * not be simulated any more.
 * @throws Error with one sentence when the requested kind is impossible, or not the kind of the data
 */
export async function chooseNodes(
  { options, folder, terminal }: Pick<PlaneContext, 'options' | 'folder' | 'terminal'>,
  probe = probeDemoNodes,
): Promise<NodesKind> {
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
  const explain = async (): Promise<void> => terminal.print(explanationOf(await probe(folder.path), kind));
  // The plane does not wait for registries.
  if (kind === 'simulated' && requested === 'auto') explain().catch(({ message }: Error) => terminal.print(message));
  if (kind !== undefined) return remember(file, kind); // where real ones fail, the plane starts without its cluster
  const found = await probe(folder.path);
  if (!found.possible && requested === 'real') throw new Error(realNodesFail(found.reason));
  if (!found.possible) terminal.print(explanationOf(found, kind));
  return remember(file, found.possible ? 'real' : 'simulated');
}

/** @throws Error with the reason where real nodes are not possible, or not any more */
export async function requireRealNodes(folder: string, probe = probeDemoNodes): Promise<void> {
  const found = await probe(folder);
  if (!found.possible) throw new Error(realNodesFail(found.reason));
}

const realNodesFail = (reason: string): string => `Real nodes are not possible: ${reason.replace(/\.$/, '')}`;

function explanationOf(probe: MachineProbe, previous: NodesKind | undefined): string {
  const [reset, nodes] = ['npm run reset, or another --data folder', "The demo cluster's nodes are simulated"];
  if (probe.possible) return `${nodes}. Real ones are possible here: ${reset}.`;
  const then = previous && probe.packages ? `; then ${reset}` : '';
  return `${nodes}: ${probe.reason.replace(/\.$/, '')}${then}.`;
}

function remember(file: string, kind: NodesKind): NodesKind {
  writeFileAtomic(file, JSON.stringify(kind));
  return kind;
}
