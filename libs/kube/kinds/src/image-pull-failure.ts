import { defaultRegistry, namedRegistry } from './image-registry.js';

/** Reasons of a container whose image could not be pulled. They alternate with every attempt. */
const pullFailures: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'RegistryUnavailable',
  'SignatureValidationFailed',
]);

/** What the kubelet, gRPC and containerd write before the cause, outermost first. It repeats the image. */
const wrappers = [
  /^Back-off pulling image "[^"]{1,500}"(?:: |$)/,
  /^(?:ErrImagePull|RegistryUnavailable|SignatureValidationFailed): /,
  /^rpc error: code = \w{1,30} desc = /,
  /^failed to pull and unpack image "[^"]{1,500}": /,
  /^failed to resolve (?:reference|image) "[^"]{1,500}": /,
];

/** The port of a connection differs with every attempt; the query of an address may be a signature. */
const ephemeral = [
  { pattern: /:\d{1,5}->/g, replacement: '->' },
  { pattern: /\?[^\s"]{1,4000}/g, replacement: '' },
];

/** Characters of a cause that are kept. */
const keptLength = 300;

/** The registry from which a container runtime pulls an image. */
export const registryOf = (image: string): string => namedRegistry(image) ?? defaultRegistry;

/** Whether a container waits for its image because a pull failed. */
export const isPullFailure = (reason: string): boolean => pullFailures.has(reason);

/**
 * Why an image could not be pulled, in the words of the runtime, without what changes with every attempt. Empty when the
 * message has no cause.
 * @param message of the waiting container, as the kubelet writes it
 */
export function pullFailureCause(message: string): string {
  const cause = wrappers.reduce((text, wrapper) => text.replace(wrapper, ''), message.trim());
  return ephemeral
    .reduce((text, { pattern, replacement }) => text.replaceAll(pattern, replacement), cause)
    .slice(0, keptLength)
    .trim();
}
