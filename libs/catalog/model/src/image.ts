/** An image reference in parts, so that the registry can be replaced by a mirror. */
export interface Image {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** The image reference of a pod; `registry` replaces the image's own. */
export const imageReference = (image: Image, registry = image.registry): string =>
  `${registry}/${image.repository}:${image.tag}`;
