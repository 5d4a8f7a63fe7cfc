import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { durations, inChildSpan, SpanKind } from '@runos/observability';
import { Pool } from 'undici';
import type { ClusterAccess } from './cluster-access.js';
import { gatherChunks } from './gather-chunks.js';
import { KubeError } from './kube-error.js';
import { SharedStreams } from './shared-streams.js';
import { splitLines } from './split-lines.js';

export interface TransportOptions {
  /** Connections for requests. Each watch of a whole cluster has a connection of its own. Default 16. */
  readonly connections?: number;
  /** Timeout of a request without a response. Default 15 s. */
  readonly timeoutMs?: number;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default `application/json`. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: ApiRequest['query'];
  readonly accept?: string;
  readonly signal: AbortSignal;
  /** A connection without a byte for this long counts as dead. */
  readonly idleTimeoutMs: number;
  /** The stream shares an HTTP/2 connection with others, where the server offers that. For many small streams. */
  readonly shared?: boolean;
  /** Longer lines are cut, and end with the number of bytes that are left out. Default: no limit. */
  readonly maxLineBytes?: number;
  /** Lines wait so long for others, to be taken together, ms. Default 0. For busy streams whose readers wait longer anyway. */
  readonly gatherMs?: number;
  /** The server has answered with a 2xx status. */
  readonly onOpen?: () => void;
}

/** The response to a request of a stream. */
interface StreamResponse {
  readonly status: number;
  readonly retryAfter?: string | string[];
  readonly body: Readable;
}

const duration = durations('rest_client_request_duration_seconds');

/** Keep-alive HTTPS to one API server. Requests and responses are JSON, every failure is a KubeError. */
export class ApiTransport {
  #requests: Pool;
  readonly #streams: Pool;
  readonly #sharedStreams: SharedStreams;
  readonly #newPool: () => Pool;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  #isClosed = false;

  constructor(
    private readonly access: ClusterAccess,
    { connections = 16, timeoutMs = 15_000 }: TransportOptions = {},
  ) {
    const { origin, pathname } = new URL(access.server);
    const tls = {
      ca: access.ca,
      cert: access.clientCertificate,
      key: access.clientKey,
      servername: access.serverName,
      rejectUnauthorized: !access.insecure,
    };
    const connect = { ...tls, timeout: 10_000, keepAlive: true };
    this.#prefix = pathname.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
    this.#newPool = () => new Pool(origin, { connect, connections, keepAliveTimeout: 60_000 });
    this.#requests = this.#newPool();
    this.#streams = new Pool(origin, { connect, connections: null, keepAliveTimeout: 1_000 });
    this.#sharedStreams = new SharedStreams(new URL(origin), tls);
  }

  /** The body of a 2xx response. @throws KubeError for every other outcome. */
  send<T>(request: ApiRequest): Promise<T> {
    const { method, path } = request;
    const attributes = { 'http.request.method': method, 'url.path': path };
    return inChildSpan(`kubernetes ${method}`, { kind: SpanKind.CLIENT, attributes }, () => this.#measured(request));
  }

  async #measured<T>(request: ApiRequest): Promise<T> {
    const started = performance.now();
    let code: string | number = '2xx';
    try {
      return await this.#send(request);
    } catch (thrown) {
      code = thrown instanceof KubeError ? thrown.status || thrown.reason : 'error';
      throw thrown;
    } finally {
      duration.record(performance.now() - started, { verb: request.method, code });
    }
  }

  async #send<T>(request: ApiRequest): Promise<T> {
    const call = `${request.method} ${request.path}`;
    const timeout = deadline(request.timeoutMs ?? this.#timeoutMs, request.signal);
    const pool = this.#requests;
    try {
      const response = await pool.request({
        method: request.method,
        path: this.#path(request),
        headers: await this.#headers(request),
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: timeout.signal,
      });
      const content = await response.body.text();
      if (response.statusCode >= 300)
        throw this.#errorOf(response.statusCode, content, call, response.headers['retry-after']);
      return JSON.parse(content) as T;
    } catch (thrown) {
      if (timeout.timedOut()) this.#replacePool(pool);
      throw noResponse(thrown, call, timeout.timedOut());
    } finally {
      timeout.clear();
    }
  }

  /** The lines of a 2xx response as they arrive. Ends when the server ends it. @throws KubeError otherwise. */
  async *streamLines(request: StreamRequest): AsyncGenerator<string> {
    for await (const lines of this.streamLineBatches(request)) yield* lines;
  }

  /** As `streamLines`, with the lines that arrive together. @throws KubeError */
  async *streamLineBatches(request: StreamRequest): AsyncGenerator<string[]> {
    const call = `GET ${request.path}`;
    try {
      const { status, retryAfter, body } = await this.#openStream(request);
      if (status >= 300) {
        throw this.#errorOf(status, await text(body), call, retryAfter);
      }
      request.onOpen?.();
      yield* splitLines(gatherChunks(body, request.gatherMs), request.maxLineBytes);
    } catch (thrown) {
      throw noResponse(thrown, call, false);
    }
  }

  async #openStream(request: StreamRequest): Promise<StreamResponse> {
    const { signal, idleTimeoutMs } = request;
    const [path, headers] = [this.#path(request), await this.#headers(request)];
    const shared = request.shared
      ? await this.#sharedStreams.open({ path, headers, signal, idleTimeoutMs })
      : undefined;
    if (shared) return { ...shared, retryAfter: shared.headers['retry-after'] };
    const response = await this.#streams.request({
      method: 'GET',
      path,
      headers,
      signal,
      headersTimeout: 30_000,
      bodyTimeout: idleTimeoutMs,
    });
    return { status: response.statusCode, retryAfter: response.headers['retry-after'], body: response.body };
  }

  /** Aborts all requests and watches. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#sharedStreams.close();
    await Promise.all([this.#requests.destroy(), this.#streams.destroy()]);
  }

  /** After a timeout the idle connections are probably dead too, and each would cost a timeout of its own. */
  #replacePool(pool: Pool): void {
    if (pool !== this.#requests || this.#isClosed) return;
    this.#requests = this.#newPool();
    void pool.close().catch(() => undefined); // its running requests end by their own timeouts
  }

  #path({ path, query }: Pick<ApiRequest, 'path' | 'query'>): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const search = parameters.toString();
    return `${this.#prefix}${path}${search ? `?${search}` : ''}`;
  }

  async #headers({
    contentType = 'application/json',
    accept = 'application/json',
  }: Pick<ApiRequest, 'contentType' | 'accept'>): Promise<Record<string, string>> {
    const authorization = await this.access.authorization?.();
    return {
      accept,
      'content-type': contentType,
      'user-agent': 'runos',
      ...(authorization ? { authorization } : {}),
    };
  }

  #errorOf(status: number, content: string, call: string, retryAfter?: string | string[]): KubeError {
    if (status === 401) this.access.onUnauthorized?.();
    return KubeError.of(status, content, call, [retryAfter].flat()[0]);
  }
}

function noResponse(thrown: unknown, call: string, timedOut: boolean): KubeError {
  if (thrown instanceof KubeError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return timedOut
    ? new KubeError(`${call} timed out.`, { status: 0, reason: 'TimedOut' }, { cause })
    : new KubeError(`${call}: ${cause.message}`, { status: 0, reason: 'Unreachable' }, { cause });
}

interface Deadline {
  readonly signal: AbortSignal;
  /** True if the timeout caused the abort, not the caller. */
  timedOut(): boolean;
  clear(): void;
}

/** A signal that aborts after `ms` or with `outer`. AbortSignal.any would leak: a long-lived signal keeps its children. */
function deadline(ms: number, outer?: AbortSignal): Deadline {
  const controller = new AbortController();
  let timedOut = false;
  const forward = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, ms);
  if (outer?.aborted) forward();
  outer?.addEventListener('abort', forward, { once: true });
  return {
    signal: controller.signal,
    timedOut: () => timedOut,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', forward);
    },
  };
}
