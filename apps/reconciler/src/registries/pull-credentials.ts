import { defaultRegistry, registryOf } from '@runos/service-types';
import type { OpenCredentials } from './registry-check.js';

/** The credentials with which an app pulls its image, as a revision stores them: the password is not readable. */
export interface PullCredentials {
  /** The one spelling of the registry. */
  readonly registry: string;
  readonly username: string;
  /** Of all of it. Equal credentials of one app have equal digests. */
  readonly digest: string;
  /** The `.dockerconfigjson`, sealed. */
  readonly sealed: string;
}

/** The key by which the kubelet finds the credentials of Docker Hub. */
const defaultKey = 'https://index.docker.io/v1/';

/** The names of Docker Hub in images for which the kubelet uses that key. */
const defaultNames: readonly string[] = [defaultRegistry, 'index.docker.io'];

/**
 * A `.dockerconfigjson` with the credentials of the registry of this image alone. The kubelet compares hosts byte for
 * byte, so the key is written as the image writes its registry.
 */
export function dockerConfigOf(image: string, { username, password }: Omit<OpenCredentials, 'host'>): string {
  const { written = defaultRegistry } = registryOf(image);
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  return JSON.stringify({
    auths: { [defaultNames.includes(written) ? defaultKey : written]: { username, password, auth } },
  });
}
