import { imageTag } from '@runos/agent-protocol';

/** An image reference without its digest. `tag` is null when the reference has none. */
export interface ImageReference {
  /** With the registry: `ghcr.io/cloudnative-pg/cloudnative-pg`. */
  readonly repository: string;
  readonly tag: string | null;
}

/** Splits `registry:5000/path/name:tag@sha256:…`. A colon before the last slash belongs to the port of the registry. */
export function parseImage(image: string): ImageReference {
  const [reference = ''] = image.split('@');
  const colon = reference.indexOf(':', reference.lastIndexOf('/') + 1);
  if (colon < 0) return { repository: reference, tag: null };
  const tag = imageTag.safeParse(reference.slice(colon + 1));
  return { repository: reference.slice(0, colon), tag: tag.data ?? null };
}

/** Whether the repository is `path`, in any registry or below any prefix of a mirror. */
export const isRepository = ({ repository }: ImageReference, path: string): boolean =>
  repository === path || repository.endsWith(`/${path}`);
