import { type ObjectRef, mapsIn, textOf } from '@runos/kube-objects';
import { type Clock, systemClock } from '@runos/kernel';
import type { ApiTransport } from './api-transport.js';
import { isNotFound, KubeError } from './kube-error.js';

/** The resource that serves one kind. */
export interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Discovery of a missing kind is repeated after this long: its operator may have been installed since. */
const missingKindTtlMs = 5_000;

type Kinds = ReadonlyMap<string, Resource>;

/** Maps kinds to paths, as client-go's RESTMapper does. Discovery is cached until a kind is missing. */
export class RestMapper {
  readonly #groups = new Map<string, { kinds: Promise<Kinds>; at: number }>();

  constructor(
    private readonly transport: ApiTransport,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws KubeError `NoKind` if the cluster does not serve the kind. */
  async resource(apiVersion: string, kind: string): Promise<Resource> {
    const known =
      (await this.#kinds(apiVersion)).get(kind) ?? (await this.#kinds(apiVersion, missingKindTtlMs)).get(kind);
    if (known) return known;
    throw new KubeError(`The cluster has no kind ${kind} in ${apiVersion}: install the operator that brings it.`, {
      status: 404,
      reason: 'NoKind',
    });
  }

  /** The path of one object, or of the list of its kind when `name` is absent. */
  async path(ref: Omit<ObjectRef, 'name'> & { readonly name?: string }): Promise<string> {
    const { plural, namespaced } = await this.resource(ref.apiVersion, ref.kind);
    const scope = namespaced && ref.namespace ? `/namespaces/${encodeURIComponent(ref.namespace)}` : '';
    const object = ref.name === undefined ? '' : `/${encodeURIComponent(ref.name)}`;
    return `${root(ref.apiVersion)}${scope}/${plural}${object}`;
  }

  #kinds(apiVersion: string, maxAgeMs = Infinity): Promise<Kinds> {
    const now = this.clock.monotonicMs();
    const cached = this.#groups.get(apiVersion);
    if (cached && now - cached.at < maxAgeMs) return cached.kinds;
    const kinds = this.#fetch(apiVersion);
    this.#groups.set(apiVersion, { kinds, at: now });
    kinds.catch(() => this.#groups.delete(apiVersion));
    return kinds;
  }

  async #fetch(apiVersion: string): Promise<Kinds> {
    try {
      const list = await this.transport.send<{ resources?: unknown }>({ method: 'GET', path: root(apiVersion) });
      const served = mapsIn(list.resources).filter((entry) => !textOf(entry['name'])?.includes('/'));
      return new Map(
        served.map((entry) => [
          textOf(entry['kind']) ?? '',
          { plural: textOf(entry['name']) ?? '', namespaced: entry['namespaced'] === true },
        ]),
      );
    } catch (thrown) {
      if (isNotFound(thrown)) return new Map();
      throw thrown;
    }
  }
}

const root = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
