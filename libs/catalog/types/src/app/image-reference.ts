import { documentation } from '@runos/catalog-model';
import { namedRegistry } from '@runos/kube-kinds';
import { z } from 'zod';

const host = /^[a-zA-Z0-9][a-zA-Z0-9.-]{0,252}(?::\d{1,5})?$/;
const component = /^[a-z0-9][a-z0-9._-]{0,126}[a-z0-9]$|^[a-z0-9]$/;
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^sha256:[0-9a-f]{64}$/;

/** A host, with a port if it has one. */
export const isRegistry = (text: string): boolean => host.test(text) && Number(text.split(':')[1] ?? 0) <= 65_535;

interface ImageReferenceParts {
  /** Absent: the default registry of the container runtime. */
  readonly registry?: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** The parts of `[registry/]repository[:tag][@digest]`, as the OCI distribution spec has it; undefined if it is none. */
export function parseImageReference(text: string): ImageReferenceParts | undefined {
  const [named = '', hash, ...rest] = text.split('@');
  const tagAt = named.lastIndexOf(':') > named.lastIndexOf('/') ? named.lastIndexOf(':') : named.length;
  const parts = named.slice(0, tagAt).split('/');
  const registry = namedRegistry(named);
  const path = registry === undefined ? parts : parts.slice(1);
  const version = named.slice(tagAt + 1);
  const isValid =
    rest.length === 0 &&
    (registry === undefined || isRegistry(registry)) &&
    path.every((part) => component.test(part)) &&
    (tagAt === named.length || tag.test(version)) &&
    (hash === undefined || digest.test(hash));
  if (!isValid) return undefined;
  return {
    ...(registry === undefined ? {} : { registry }),
    repository: path.join('/'),
    ...(tagAt === named.length ? {} : { tag: version }),
    ...(hash === undefined ? {} : { digest: hash }),
  };
}

/** An image that is pinned by a tag or a digest: without one, each pull could run another program. */
export const ImageReference = z
  .string()
  .max(512)
  .refine(
    (text) => parseImageReference(text) !== undefined,
    'must be a reference of an image, such as ghcr.io/acme/shop:1.4',
  )
  .refine((text) => {
    const parsed = parseImageReference(text);
    return parsed === undefined || parsed.tag !== undefined || parsed.digest !== undefined;
  }, 'must name a tag or a digest, such as nginx:1.27')
  .register(documentation, { description: 'Image with a tag or a digest.' });
