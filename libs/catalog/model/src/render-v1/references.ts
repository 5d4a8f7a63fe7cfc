import type { Image } from '../image.js';
import type { RenderInput } from '../service-type.js';

/** The image reference of a pod; `registry` replaces the image's own. */
export const imageReference = (image: Image, registry = image.registry): string =>
  `${registry}/${image.repository}:${image.tag}`;

/** The host of an instance outside its cluster. */
export const hostOf = ({ osid, clusterDomain }: RenderInput): string => `${osid}.${clusterDomain}`;
