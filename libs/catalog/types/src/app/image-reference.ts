import { documentation } from '@runos/catalog-model';
import { namedRegistry } from '@runos/kube-kinds/image-registry';
import { z } from 'zod';

/** Labels of DNS, with a port from 1 on. */
const host = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*(?::[1-9]\d{0,4})?$/i;
/** A part of the path: letters and digits with a dot, one or two underscores, or dashes between them. */
const component = /^[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*$/;
/** Of registry and path together, as the grammar of container runtimes has it. */
const maxName = 255;
const maxHost = 253;
const tag = /^\w[\w.-]{0,127}$/;
const digest = /^sha256:[0-9a-f]{64}$/;

/** A host, with a port if it has one. */
export function isRegistry(text: string): boolean {
  const [name = '', port = '1'] = text.split(':');
  return host.test(text) && name.length <= maxHost && Number(port) <= 65_535;
}

interface ImageReferenceParts {
  /** Absent: the default registry of the container runtime. */
  readonly registry?: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** The parts of `[registry/]repository[:tag][@digest]`, by the grammar of container runtimes; undefined if it is none. */
export function parseImageReference(text: string): ImageReferenceParts | undefined {
  const [named = '', hash, ...rest] = text.split('@');
  const tagAt = named.lastIndexOf(':') > named.lastIndexOf('/') ? named.lastIndexOf(':') : named.length;
  const parts = named.slice(0, tagAt).split('/');
  const registry = namedRegistry(named);
  const path = registry === undefined ? parts : parts.slice(1);
  const version = named.slice(tagAt + 1);
  const isValid =
    rest.length === 0 &&
    tagAt <= maxName &&
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
