import { durations, inChildSpan, SpanKind } from '@runos/observability';
import { Pool } from 'undici';
import type { ClusterAccess } from './cluster-access.js';
import { deadline } from './deadline.js';
import { KubeError } from './kube-error.js';

export interface TransportOptions {
  /** Sockets for requests; watches have their own, one each. Default 16. */
  readonly sockets?: number;
  /** A request without an answer is given up after this long. Default 15 s. */
  readonly timeoutMs?: number;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface StreamRequest {
  readonly path: string;
  readonly query?: ApiRequest['query'];
  readonly signal: AbortSignal;
  /** No byte for this long means that the connection is dead. */
  readonly silenceMs: number;
}

const duration = durations('rest_client_request_duration_seconds');

/** Keep-alive HTTPS to one API server: JSON in, JSON out, every failure a KubeError. */
export class ApiTransport {
  #requests: Pool;
  readonly #streams: Pool;
  readonly #newPool: () => Pool;
  readonly #prefix: string;
  readonly #timeoutMs: number;
  #closed = false;

  constructor(
    private readonly access: ClusterAccess,
    { sockets = 16, timeoutMs = 15_000 }: TransportOptions = {},
  ) {
    const { origin, pathname } = new URL(access.server);
    const connect = {
      ca: access.ca,
      cert: access.clientCertificate,
      key: access.clientKey,
      servername: access.serverName,
      rejectUnauthorized: !access.insecure,
      timeout: 10_000,
      keepAlive: true,
    };
    this.#prefix = pathname.replace(/\/+$/, '');
    this.#timeoutMs = timeoutMs;
    this.#newPool = () => new Pool(origin, { connect, connections: sockets, keepAliveTimeout: 60_000 });
    this.#requests = this.#newPool();
    this.#streams = new Pool(origin, { connect, connections: null, keepAliveTimeout: 1_000 });
  }

  /** The JSON of a 2xx answer. */
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
    const doing = `${request.method} ${request.path}`;
    const limit = deadline(request.timeoutMs ?? this.#timeoutMs, request.signal);
    const pool = this.#requests;
    try {
      const answer = await pool.request({
        method: request.method,
        path: this.#path(request),
        headers: await this.#headers(request.contentType),
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: limit.signal,
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw this.#refusal(answer.statusCode, text, doing, answer.headers['retry-after']);
      return JSON.parse(text) as T;
    } catch (thrown) {
      if (limit.expired()) this.#distrust(pool);
      throw unanswered(thrown, doing, limit.expired());
    } finally {
      limit.clear();
    }
  }

  /** The lines of a 2xx answer as they come. Ends when the server ends it; throws a KubeError otherwise. */
  async *lines(request: StreamRequest): AsyncGenerator<string> {
    const doing = `GET ${request.path}`;
    try {
      const answer = await this.#streams.request({
        method: 'GET',
        path: this.#path(request),
        headers: await this.#headers(),
        signal: request.signal,
        headersTimeout: 30_000,
        bodyTimeout: request.silenceMs,
      });
      if (answer.statusCode >= 300) {
        const text = await answer.body.text();
        throw this.#refusal(answer.statusCode, text, doing, answer.headers['retry-after']);
      }
      yield* splitLines(answer.body);
    } catch (thrown) {
      throw unanswered(thrown, doing, false);
    }
  }

  /** Ends everything that is on. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#requests.destroy(), this.#streams.destroy()]);
  }

  /** Where one connection leads nowhere, the others that were idle do too: each would cost its own time-out. */
  #distrust(pool: Pool): void {
    if (pool !== this.#requests || this.#closed) return;
    this.#requests = this.#newPool();
    void pool.close().catch(() => undefined); // what is under way on it ends by its own time limit
  }

  #path({ path, query }: Pick<ApiRequest, 'path' | 'query'>): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const asked = parameters.toString();
    return `${this.#prefix}${path}${asked ? `?${asked}` : ''}`;
  }

  async #headers(contentType = 'application/json'): Promise<Record<string, string>> {
    const authorization = await this.access.authorization?.();
    return {
      accept: 'application/json',
      'content-type': contentType,
      'user-agent': 'runos',
      ...(authorization ? { authorization } : {}),
    };
  }

  #refusal(status: number, text: string, doing: string, retryAfter?: string | string[]): KubeError {
    if (status === 401) this.access.refused?.();
    return KubeError.of(status, text, doing, [retryAfter].flat()[0]);
  }
}

function unanswered(thrown: unknown, doing: string, expired: boolean): KubeError {
  if (thrown instanceof KubeError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  return expired
    ? new KubeError(`${doing} was not answered in time.`, { status: 0, reason: 'TimedOut' }, { cause })
    : new KubeError(`${doing}: ${cause.message}`, { status: 0, reason: 'Unreachable' }, { cause });
}

async function* splitLines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  }
}
