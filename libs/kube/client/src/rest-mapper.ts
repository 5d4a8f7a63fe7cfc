import { groupOf, mapsIn, type ObjectRef, textOf } from '@runos/kube-objects';
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

/** An object, or the objects of a kind, in one namespace or everywhere. */
export type RequestTarget = Omit<ObjectRef, 'name'> & { readonly name?: string };

type Kinds = ReadonlyMap<string, Resource>;

/** The error of a request for a kind that the cluster does not serve. */
export const noKind = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): KubeError =>
  new KubeError(`The cluster has no kind ${kind} in ${apiVersion}: install the operator that brings it.`, {
    status: 404,
    reason: 'NoKind',
  });

/** Maps kinds to paths, as client-go's RESTMapper does. Discovery is cached until a kind is missing. */
export class RestMapper {
  readonly #groups = new Map<string, { kinds: Promise<Kinds>; at: number }>();
  readonly #versions = new Map<string, { versions: Promise<readonly string[]>; at: number }>();

  constructor(
    private readonly transport: ApiTransport,
    private readonly clock: Clock = systemClock,
  ) {}

  /** @throws KubeError `NoKind` if the cluster does not serve the kind. */
  async resource(apiVersion: string, kind: string): Promise<Resource> {
    const known =
      (await this.#kinds(apiVersion)).get(kind) ?? (await this.#kinds(apiVersion, missingKindTtlMs)).get(kind);
    if (known) return known;
    throw noKind({ apiVersion, kind });
  }

  /** The path of one object, or of the list of its kind when `name` is absent. @throws KubeError as `resource` */
  async path(ref: RequestTarget): Promise<string> {
    return pathOf(ref, await this.resource(ref.apiVersion, ref.kind));
  }

  /**
   * As `path`, to read or delete. If the cluster no longer serves this version of the kind, it is the path of another
   * one: every version shows the same objects.
   */
  async anyVersionPath(ref: RequestTarget): Promise<string> {
    const { apiVersion, kind } = ref;
    try {
      return await this.path(ref);
    } catch (thrown) {
      if (!isNotFound(thrown)) throw thrown;
      for (const other of await this.#otherVersions(apiVersion)) {
        const resource = (await this.#kinds(other, missingKindTtlMs)).get(kind);
        if (resource) return pathOf({ ...ref, apiVersion: other }, resource);
      }
      throw thrown;
    }
  }

  /** The server does not know a path of this version any more: the next request discovers it again. */
  forget(apiVersion: string): void {
    this.#groups.delete(apiVersion);
  }

  /** A kind of this group was added or removed: the next requests discover all its versions again. */
  forgetGroup(group: string): void {
    for (const cache of [this.#groups, this.#versions]) {
      for (const apiVersion of cache.keys()) if (groupOf(apiVersion) === group) cache.delete(apiVersion);
    }
  }

  /** The other served versions of the same group, the preferred one first. */
  #otherVersions(apiVersion: string): Promise<readonly string[]> {
    const [group, version] = apiVersion.split('/');
    if (group === undefined || version === undefined) return Promise.resolve([]);
    const now = this.clock.monotonicMs();
    const cached = this.#versions.get(apiVersion);
    if (cached && now - cached.at < missingKindTtlMs) return cached.versions;
    const versions = this.#fetchVersions(group).then((all) => all.filter((each) => each !== apiVersion));
    this.#versions.set(apiVersion, { versions, at: now });
    versions.catch(() => this.#versions.delete(apiVersion));
    return versions;
  }

  async #fetchVersions(group: string): Promise<string[]> {
    try {
      const found = await this.transport.send<{ versions?: unknown }>({ method: 'GET', path: `/apis/${group}` });
      return mapsIn(found.versions).flatMap(({ groupVersion }) => textOf(groupVersion) ?? []);
    } catch (thrown) {
      if (isNotFound(thrown)) return [];
      throw thrown;
    }
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

function pathOf({ apiVersion, namespace, name }: RequestTarget, { plural, namespaced }: Resource): string {
  const scope = namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root(apiVersion)}${scope}/${plural}${object}`;
}

const root = (apiVersion: string): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
