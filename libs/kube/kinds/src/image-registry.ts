/** The registry of an image that names none, as container runtimes have it. */
export const defaultRegistry = 'docker.io';

/** Whether the first part of an image names a registry: container runtimes recognize it by a dot or a port. */
export const isRegistryPart = (part: string): boolean => /[.:]|^localhost$/.test(part);

/** The registry that an image names; undefined if it names none. */
export function namedRegistry(image: string): string | undefined {
  const [first = '', ...path] = image.split('/');
  return path.length > 0 && isRegistryPart(first) ? first : undefined;
}
