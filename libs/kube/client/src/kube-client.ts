import { fieldManager, type KubeObject, type ObjectRef, type Propagation, refOf } from '@runos/kube-objects';
import { type ApiRequest, ApiTransport, type StreamRequest, type TransportOptions } from './api-transport.js';
import type { ClusterAccess } from './cluster-access.js';
import { isForbidden, isNotFound, isUnserved, type KubeError } from './kube-error.js';
import { noKind, type RequestTarget, RestMapper } from './rest-mapper.js';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface ReadOptions extends CallOptions {
  /** The server sends the object without spec and status: a CRD has up to a megabyte of schema. */
  readonly metadataOnly?: boolean;
}

export interface WriteOptions extends CallOptions {
  /** Default `runos`. */
  readonly fieldManager?: string;
  /** Runs defaulting, validation and admission without storing the object. */
  readonly dryRun?: boolean;
  /** fieldValidation=Strict: unknown fields are rejected instead of dropped, as with server-side apply. */
  readonly strict?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Precondition: 409 if an object with another uid has this name now. */
  readonly uid?: string;
  /** Precondition: 409 if the object was written since. */
  readonly resourceVersion?: string;
  readonly propagation?: Propagation;
}

export interface ResourceSelector extends Pick<ReadOptions, 'metadataOnly'> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** The media type of an object or of a list. */
const acceptOf = (
  { metadataOnly }: Pick<ReadOptions, 'metadataOnly'>,
  kind: 'PartialObjectMetadata' | 'PartialObjectMetadataList',
) => (metadataOnly ? `application/json;as=${kind};g=meta.k8s.io;v=v1` : undefined);

export interface Page {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface JsonPatchStep {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

interface ListResponse {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly KubeObject[] | null;
}

/** A request that the API server has forbidden. */
export interface ForbiddenRequest {
  readonly target: RequestTarget;
  readonly refusal: KubeError;
  /** How often the request was sent. */
  readonly attempts: number;
  readonly signal?: AbortSignal;
}

/** May obtain the missing right. Resolves to the error of the request, or to undefined: then it is sent again. */
export type ForbiddenHandler = (request: ForbiddenRequest) => Promise<KubeError | undefined>;

/** Receives each response with status 403 that no handler has cured. */
export type RefusalListener = (target: RequestTarget, refusal: KubeError) => void;

/** A dynamic client: the verbs that we need, for any kind. */
export class KubeClient {
  readonly transport: ApiTransport;
  readonly mapper: RestMapper;
  #forbiddenHandler: ForbiddenHandler | undefined;
  #refusalListener: RefusalListener | undefined;

  constructor(access: ClusterAccess, options: TransportOptions = {}) {
    this.transport = new ApiTransport(access, options);
    this.mapper = new RestMapper(this.transport);
  }

  /** All later requests with status 403 are passed to `handler`. */
  handleForbidden(handler: ForbiddenHandler): void {
    this.#forbiddenHandler = handler;
  }

  /** `listener` receives all later refusals, whatever the caller makes of them. */
  observeRefusals(listener: RefusalListener): void {
    this.#refusalListener = listener;
  }

  /** Server-side apply. We own exactly these fields afterwards. `force` (default) takes over conflicting fields. */
  async apply(object: KubeObject, options: WriteOptions & { readonly force?: boolean } = {}): Promise<KubeObject> {
    return this.#write('PATCH', refOf(object), object, options, 'application/apply-patch+yaml', {
      force: options.force ?? true,
    });
  }

  /** @throws KubeError 404 if the object does not exist, or the cluster does not serve its kind */
  async get(ref: ObjectRef, { metadataOnly, ...call }: ReadOptions = {}): Promise<KubeObject> {
    const accept = acceptOf({ metadataOnly }, 'PartialObjectMetadata');
    const found = await this.#send<KubeObject>(ref, { method: 'GET', accept, ...call });
    return metadataOnly ? { ...found, apiVersion: ref.apiVersion, kind: ref.kind } : found;
  }

  /** Undefined if the object or its kind does not exist. */
  async find(ref: ObjectRef, options: ReadOptions = {}): Promise<KubeObject | undefined> {
    try {
      return await this.get(ref, options);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }

  /** Lists page by page, so that no response has more than `pageSize` objects (default 250). */
  async *pages(
    selection: ResourceSelector,
    options: CallOptions & { readonly pageSize?: number } = {},
  ): AsyncGenerator<Page> {
    const { apiVersion, kind, labelSelector, fieldSelector } = selection;
    const accept = acceptOf(selection, 'PartialObjectMetadataList');
    for (let next: string | undefined = ''; next !== undefined;) {
      const query = { labelSelector, fieldSelector, limit: options.pageSize ?? 250, continue: next || undefined };
      const response: ListResponse = await this.#send(selection, { method: 'GET', query, accept, ...options });
      const { resourceVersion } = response.metadata;
      // Only the list itself carries apiVersion and kind.
      yield { items: (response.items ?? []).map((item) => ({ ...item, apiVersion, kind })), resourceVersion };
      next = response.metadata.continue || undefined;
    }
  }

  /** The lines of a watch as they arrive. Ends when the server ends it. */
  async *watch(selection: ResourceSelector, request: Omit<StreamRequest, 'path' | 'accept'>): AsyncGenerator<string> {
    const accept = acceptOf(selection, 'PartialObjectMetadata');
    for (let attempts = 1; ; attempts += 1) {
      try {
        const path = await this.mapper.anyVersionPath(selection);
        yield* this.transport.streamLines({ ...request, path, accept });
        return;
      } catch (thrown) {
        await this.#recover(selection, thrown, attempts, request.signal);
      }
    }
  }

  /** All objects of a selection in memory at once. Use `pages` where there may be thousands. */
  async list(selection: ResourceSelector, options: CallOptions = {}): Promise<KubeObject[]> {
    const found: KubeObject[] = [];
    for await (const page of this.pages(selection, options)) found.push(...page.items);
    return found;
  }

  /** `deleted`: the object does not exist any more; `deleting`: finalizers or dependents delay its removal. */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<'deleted' | 'deleting'> {
    const { uid, resourceVersion, propagation = 'Background', ...call } = options;
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: propagation,
      preconditions: { uid, resourceVersion },
    };
    try {
      const response = await this.#send<Partial<KubeObject>>(ref, { method: 'DELETE', body, ...call });
      return response.metadata?.deletionTimestamp ? 'deleting' : 'deleted';
    } catch (thrown) {
      if (isNotFound(thrown)) return 'deleted';
      throw thrown;
    }
  }

  /** @throws KubeError 409 if the object exists. */
  async create(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('POST', { ...refOf(object), name: undefined }, object, options, 'application/json');
  }

  /** PUT of the whole object. @throws KubeError 409 if its resourceVersion is not the newest. */
  async replace(object: KubeObject, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PUT', refOf(object), object, options, 'application/json');
  }

  /** RFC 6902. @throws KubeError 422 if a `test` step does not hold or a path does not exist */
  async jsonPatch(ref: ObjectRef, steps: readonly JsonPatchStep[], options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PATCH', ref, steps, options, 'application/json-patch+json');
  }

  /** RFC 7386: null removes a field, and a list is replaced as a whole. */
  async mergePatch(ref: ObjectRef, patch: unknown, options: WriteOptions = {}): Promise<KubeObject> {
    return this.#write('PATCH', ref, patch, options, 'application/merge-patch+json');
  }

  /** Aborts all requests and watches of this client. */
  close(): Promise<void> {
    return this.transport.close();
  }

  async #write(
    method: ApiRequest['method'],
    target: RequestTarget,
    body: unknown,
    options: WriteOptions,
    contentType: string,
    query: ApiRequest['query'] = {},
  ): Promise<KubeObject> {
    const { fieldManager: manager = fieldManager, dryRun, strict, signal, timeoutMs } = options;
    const parameters = {
      ...query,
      fieldManager: manager,
      dryRun: dryRun ? 'All' : undefined,
      fieldValidation: strict ? 'Strict' : undefined,
    };
    return this.#send(target, { method, query: parameters, body, contentType, signal, timeoutMs });
  }

  async #send<T>(target: RequestTarget, request: Omit<ApiRequest, 'path'>): Promise<T> {
    const isView = request.method === 'GET' || request.method === 'DELETE';
    for (let attempts = 1; ; attempts += 1) {
      try {
        const path = await (isView ? this.mapper.anyVersionPath(target) : this.mapper.path(target));
        return await this.transport.send<T>({ ...request, path });
      } catch (thrown) {
        await this.#recover(target, thrown, attempts, request.signal);
      }
    }
  }

  /** Returns if the request may be sent again. @throws the error of the request otherwise */
  async #recover(target: RequestTarget, thrown: unknown, attempts: number, signal?: AbortSignal): Promise<void> {
    if (isUnserved(thrown)) {
      this.mapper.forget(target.apiVersion);
      if (attempts === 1) return;
      throw noKind(target); // discovery lists a removed kind for a moment
    }
    if (!isForbidden(thrown)) throw thrown;
    const handled = this.#forbiddenHandler?.({ target, refusal: thrown, attempts, signal });
    const error = handled === undefined ? thrown : await handled;
    if (error === undefined) return;
    if (isForbidden(error)) this.#refusalListener?.(target, error);
    throw error;
  }
}
