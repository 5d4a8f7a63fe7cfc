import { type ImageOptions, imagesFor, type ImageSource, makeImage } from './images-for.js';

/** The nodes that receive images. */
export interface ImageReceiver {
  importImages(archives: readonly string[]): Promise<void>;
  pullImages(references: readonly string[]): Promise<void>;
}

/**
 * Gives images to nodes: pulled where the registry answers, else made on this machine. A registry that answers may still
 * refuse an image, by a rate limit for example: that one is made as well. Returns how each was provided.
 * @throws Error when an archive cannot be imported, and the reason of the signal when it aborts
 */
export async function provideImages(
  nodes: ImageReceiver,
  references: readonly string[],
  options: ImageOptions = {},
  make = makeImage,
): Promise<ImageSource[]> {
  const provided: ImageSource[] = [];
  for (const found of await imagesFor(references, options)) {
    const image = found.source === 'registry' ? await pullOrMake(nodes, found, options, make) : found;
    if (image.source === 'made') await nodes.importImages([image.archive]);
    options.onProgress?.(`${image.reference}: ${image.source}`);
    provided.push(image);
  }
  return provided;
}

async function pullOrMake(
  nodes: ImageReceiver,
  image: ImageSource,
  options: ImageOptions,
  make: typeof makeImage,
): Promise<ImageSource> {
  const { reference } = image;
  try {
    await nodes.pullImages([reference]);
    return image;
  } catch (error) {
    options.signal?.throwIfAborted();
    options.onProgress?.(`${reference}: ${(error as Error).message}`);
    return make(reference, 'it cannot be pulled', options);
  }
}
