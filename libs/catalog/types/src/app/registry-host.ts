import { documentation } from '@runos/catalog-model';
import { defaultRegistry, isRegistryPart } from '@runos/kube-kinds/image-registry';
import { z } from 'zod';
import { isRegistry, parseImageReference } from './image-reference.js';

/** Other names of the default registry. */
const defaultRegistryNames: readonly string[] = [defaultRegistry, 'index.docker.io', 'registry-1.docker.io'];

/** The host of a registry with its port, if it is not 443. */
export const RegistryHost = z
  .string()
  .max(259)
  .refine(
    (text) => isRegistry(text) && isRegistryPart(text.toLowerCase()),
    'must be a host name, with a port if it has one, such as ghcr.io or registry.example.com:5000',
  )
  .register(documentation, { description: 'Host of the registry. That of Docker Hub is `docker.io`.' });

/** One spelling of the host: in lower case, without the port 443, and `docker.io` for every name of Docker Hub. */
export function canonicalRegistry(host: string): string {
  const name = host.toLowerCase().replace(/:443$/, '');
  return defaultRegistryNames.includes(name) ? defaultRegistry : name;
}

/** The registry of an image: its one spelling, and as the image writes it, by which the kubelet finds credentials. */
export interface ImageRegistry {
  readonly registry: string;
  /** Absent: the image names none. */
  readonly written?: string;
}

/** The registry from which an image is pulled. The image is valid. */
export function registryOf(image: string): ImageRegistry {
  const written = parseImageReference(image)?.registry;
  return written === undefined ? { registry: defaultRegistry } : { registry: canonicalRegistry(written), written };
}
