/** Where an image comes from, apart, so that the registry can be another one. */
export interface Image {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
}

/** The reference that a pod names; `registry` takes the place of the image's own. */
export const imageReference = (image: Image, registry = image.registry): string =>
  `${registry}/${image.repository}:${image.tag}`;
