import { defaultRegistry, registryOf as imageRegistryOf } from '@runos/service-types';

/** How long a registry has to answer, ms. */
const deadlineMs = 3_000;

/** The host that serves the images of `docker.io`. */
const dockerRegistry = 'registry-1.docker.io';

/** The host of the registry of an image. */
export function registryOf(reference: string): string {
  const { registry } = imageRegistryOf(reference);
  return registry === defaultRegistry ? dockerRegistry : registry;
}

/** Which registries can be reached from this machine. One request is sent to each. */
export class Registries {
  readonly #answers = new Map<string, Promise<boolean>>();

  constructor(private readonly get: (url: string, init: RequestInit) => Promise<Response> = fetch) {}

  /** Whether the registry answers within 3 s. The first answer is kept. */
  isReachable(registry: string): Promise<boolean> {
    const known = this.#answers.get(registry);
    if (known) return known;
    const answer = this.#probe(registry);
    this.#answers.set(registry, answer);
    return answer;
  }

  /** A registry answers its base path with 200, or with 401 and a challenge (OCI distribution specification 1.1). */
  async #probe(registry: string): Promise<boolean> {
    try {
      const response = await this.get(`https://${registry}/v2/`, { signal: AbortSignal.timeout(deadlineMs) });
      await response.body?.cancel();
      return response.ok || (response.status === 401 && response.headers.has('www-authenticate'));
    } catch {
      return false; // no route, no name, no certificate or no answer in time: images are made instead
    }
  }
}
