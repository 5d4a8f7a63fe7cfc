import { type ObjectRef, mapsIn, textOf } from '@runos/kube-objects';
import { type Clock, systemClock } from '@runos/kernel';
import type { ApiTransport } from './api-transport.js';
import { isNotFound, KubeError } from './kube-error.js';

/** Where one kind lives in the API. */
export interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** A kind that was not there is asked for again after this long: its operator may have been installed meanwhile. */
const absentForMs = 5_000;

type Kinds = ReadonlyMap<string, Resource>;

/** Which path serves which kind, from the API's own discovery; kept until a kind is missing. */
export class RestMapping {
  readonly #groups = new Map<string, { kinds: Promise<Kinds>; at: number }>();

  constructor(
    private readonly transport: ApiTransport,
    private readonly clock: Clock = systemClock,
  ) {}

  /** Throws KubeError `NoKind` if the cluster does not serve the kind. */
  async resource(apiVersion: string, kind: string): Promise<Resource> {
    const known = (await this.#kinds(apiVersion)).get(kind) ?? (await this.#kinds(apiVersion, absentForMs)).get(kind);
    if (known) return known;
    throw new KubeError(`The cluster has no kind ${kind} in ${apiVersion}: install the operator that brings it.`, {
      status: 404,
      reason: 'NoKind',
    });
  }

  /** The path of one object, or of the list of its kind when `name` is absent. */
  async path(ref: Omit<ObjectRef, 'name'> & { readonly name?: string }): Promise<string> {
    const { plural, namespaced } = await this.resource(ref.apiVersion, ref.kind);
    const inside = namespaced && ref.namespace ? `/namespaces/${encodeURIComponent(ref.namespace)}` : '';
    const one = ref.name === undefined ? '' : `/${encodeURIComponent(ref.name)}`;
    return `${root(ref.apiVersion)}${inside}/${plural}${one}`;
  }

  #kinds(apiVersion: string, maxAgeMs = Infinity): Promise<Kinds> {
    const now = this.clock.now().getTime();
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
