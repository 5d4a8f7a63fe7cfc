import { fieldManager, type KubeObject, type ObjectRef, type Propagation, refOf } from '@runos/kube-objects';
import { type ApiRequest, ApiTransport, type TransportOptions } from './api-transport.js';
import type { ClusterAccess } from './cluster-access.js';
import { isNotFound } from './kube-error.js';
import { RestMapping } from './rest-mapping.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface WriteOptions extends CallOptions {
  /** Default `runos`. */
  readonly fieldManager?: string;
  /** Everything but the storing: validation, defaults, admission. */
  readonly dryRun?: boolean;
  /** What the kind does not have is refused, as an apply refuses it, instead of dropped. */
  readonly strict?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Refused with 409 if another object has taken the name since. */
  readonly uid?: string;
  readonly propagation?: Propagation;
}

export interface KindSelection {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface JsonPatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

interface ListAnswer {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[] | null;
}

/** The few verbs we need of an API server, for any kind. */
export class KubeClient {
  readonly transport: ApiTransport;
  readonly mapping: RestMapping;

  constructor(access: ClusterAccess, options: TransportOptions = {}) {
    this.transport = new ApiTransport(access, options);
    this.mapping = new RestMapping(this.transport);
  }

  /** Server-side apply: exactly these fields are ours afterwards, others' stay. `force` (default) takes over conflicts. */
  async apply(object: KubeObject, options: WriteOptions & { readonly force?: boolean } = {}): Promise<KubeObject> {
    return this.#write('PATCH', refOf(object), object, options, 'application/apply-patch+yaml', {
      force: options.force ?? true,
    });
  }

  async get(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject> {
    return this.transport.send({ method: 'GET', path: await this.mapping.path(ref), ...options });
  }

  /** Undefined if it does not exist, or not even its kind. */
  async find(ref: ObjectRef, options: CallOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.get(ref, options);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  /** All of a selection, page by page, so that no answer is larger than `pageSize` objects. */
  async *pages(
    selection: KindSelection,
    options: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<Page> {
    const { apiVersion, kind, labelSelector, fieldSelector } = selection;
    const path = await this.mapping.path(selection);
    for (let next: string | undefined = ''; next !== undefined;) {
      const query = { labelSelector, fieldSelector, limit: options.pageSize ?? 250, continue: next || undefined };
      const answer: ListAnswer = await this.transport.send({ method: 'GET', path, query, ...options });
      const { resourceVersion } = answer.metadata;
      // Items of a list come without the kind that the list says once.
      yield { items: (answer.items ?? []).map((item) => ({ ...item, apiVersion, kind })), resourceVersion };
      next = answer.metadata.continue || undefined;
    }
  }

  async list(selection: KindSelection, options: CallOptions = {}): Promise<KubeObject[]> {
    const found: KubeObject[] = [];
    for await (const page of this.pages(selection, options)) found.push(...page.items);
    return found;
  }

  /** `gone`: nothing is there any more; `deleting`: accepted, but finalizers or its dependents come first. */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<'gone' | 'deleting'> {
    const { uid, propagation = 'Background', ...call } = options;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: propagation,
      ...(uid ? { preconditions: { uid } } : {}),
    };
    try {
      const path = await this.mapping.path(ref);
      const answer = await this.transport.send<Partial<KubeObject>>({ method: 'DELETE', path, body, ...call });
      return answer.metadata?.deletionTimestamp ? 'deleting' : 'gone';
    } catch (thrown) {
      if (isNotFound(thrown)) return 'gone';
      throw thrown;
    }
  }

  /** Refused with 409 if it exists. */
  async create(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('POST', { ...refOf(object), name: undefined }, object, options, 'application/json');
  }

  /** Puts the whole object; refused with 409 if its resourceVersion is not the newest. */
  async replace(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PUT', refOf(object), object, options, 'application/json');
  }

  async jsonPatch(ref: ObjectRef, steps: readonly JsonPatchStep[], options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PATCH', ref, steps, options, 'application/json-patch+json');
  }

  async mergePatch(ref: ObjectRef, patch: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PATCH', ref, patch, options, 'application/merge-patch+json');
  }

  /** POST to a subresource, such as `token` of a ServiceAccount. */
  async createSubresource<T>(
    ref: ObjectRef,
    subresource: string,
    body: unknown,
    options: CallOptions = {},
  ): Promise<T> {
    const path = `${await this.mapping.path(ref)}/${subresource}`;
    return this.transport.send({ method: 'POST', path, body, ...options });
  }

  /** Ends all requests and watches of this client. */
  close(): Promise<void> {
    return this.transport.close();
  }

  async #write(
    method: ApiRequest['method'],
    place: Omit<ObjectRef, 'name'> & { readonly name?: string },
    body: unknown,
    options: WriteOptions,
    contentType: string,
    query: ApiRequest['query'] = {},
  ): Promise<KubeObject> {
    const { fieldManager: manager = fieldManager, dryRun, strict, signal, timeoutMs } = options;
    const path = await this.mapping.path(place);
    const asked = {
      ...query,
      fieldManager: manager,
      dryRun: dryRun ? 'All' : undefined,
      fieldValidation: strict ? 'Strict' : undefined,
    };
    return this.transport.send({ method, path, query: asked, body, contentType, signal, timeoutMs });
  }
}
