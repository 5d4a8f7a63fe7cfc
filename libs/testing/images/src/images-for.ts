import type { BuildOptions, MachineProbe } from '@runos/testing-kube';
import { probeImages } from './probe-images.js';
import { operatorImage, operatorReference } from './recipes/operator-image.js';
import { serviceImages } from './recipes/service-images.js';
import { Registries, registryOf } from './registry/registries.js';

/** How the nodes get an image: they pull it, or import an archive that was made here, or neither is possible. */
export type ImageSource =
  | { readonly reference: string; readonly source: 'registry' }
  | { readonly reference: string; readonly source: 'made'; readonly archive: string }
  | { readonly reference: string; readonly source: 'none'; readonly reason: string };

export interface ImageOptions extends BuildOptions {
  /** Path of CloudNativePG's program. Without it the operator's image cannot be made. */
  readonly operatorProgram?: string;
  /** Default: those that this process has tried already. */
  readonly registries?: Registries;
}

const triedRegistries = new Registries();

/**
 * Finds a source for each image: its registry if that answers, else an archive. Archives are made concurrently, and only
 * once per machine. @throws the reason of the signal when it aborts
 */
export function imagesFor(references: readonly string[], options: ImageOptions = {}): Promise<ImageSource[]> {
  return Promise.all([...new Set(references)].map((reference) => sourceOf(reference, options)));
}

/**
 * Whether every image that the nodes of a demo cluster need has a source here, or in one sentence why not. Registries
 * get a request only where images cannot be made, because a machine without a network waits for them.
 */
export async function probeSources(
  making = probeImages(),
  registries: Registries = triedRegistries,
): Promise<MachineProbe> {
  if (making.possible) return making;
  const names = new Set(serviceImages().flatMap(({ make, reference }) => (make ? [registryOf(reference)] : [])));
  const answers = await Promise.all([...names].map(async (name) => ({ name, ok: await registries.isReachable(name) })));
  const [silent] = answers.filter(({ ok }) => !ok);
  if (silent === undefined) return { possible: true };
  return {
    possible: false,
    reason: `${silent.name} cannot be reached, and images cannot be made: ${making.reason}`,
    packages: making.packages,
  };
}

async function sourceOf(reference: string, options: ImageOptions): Promise<ImageSource> {
  const { registries = triedRegistries, onProgress } = options;
  const registry = registryOf(reference);
  if (await registries.isReachable(registry)) {
    onProgress?.(`${reference}: pulled from ${registry}`);
    return { reference, source: 'registry' };
  }
  return makeImage(reference, `${registry} cannot be reached`, options);
}

/** Makes an image that no registry serves, `because` of a reason. @throws the reason of the signal when it aborts */
export async function makeImage(reference: string, because: string, options: ImageOptions): Promise<ImageSource> {
  const { onProgress, signal } = options;
  signal?.throwIfAborted();
  const none = (reason: string): ImageSource => {
    onProgress?.(`${reference}: not available, because ${because} and ${reason}`);
    return { reference, source: 'none', reason };
  };
  try {
    const maker = await makerOf(reference, options);
    if (typeof maker === 'string') return none(maker);
    return { reference, source: 'made', archive: await maker() };
  } catch (error) {
    signal?.throwIfAborted();
    return none((error as Error).message);
  }
}

/** The function that makes the archive, or why there is none. */
async function makerOf(reference: string, options: ImageOptions): Promise<(() => Promise<string>) | string> {
  const image = serviceImages().find((each) => each.reference === reference);
  if (image) {
    const { make, reason = 'it cannot be made' } = image;
    if (!make) return reason;
    const probe = probeImages();
    return probe.possible ? () => make(options) : probe.reason;
  }
  const { operatorProgram } = options;
  if (reference !== (await operatorReference())) return 'it is no image of the catalog';
  if (operatorProgram === undefined) return 'the program of the operator is not built';
  return () => operatorImage(operatorProgram, options);
}
