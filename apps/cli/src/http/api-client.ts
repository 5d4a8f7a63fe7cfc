import { setTimeout } from 'node:timers/promises';
import { CliError } from '../failure/cli-error.js';
import { isUnprotected, parseApiUrl, requireApiKey, requireApiUrl, type Settings } from '../configuration/settings.js';
import { networkError } from './network-error.js';
import { readJson } from './read-answer.js';
import { errorOfAnswer } from './answer-error.js';
import { retryDelayMs } from './retry-delay.js';

export interface ApiRequest {
  readonly method: string;
  /** From the first slash, encoded. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** For one attempt, ms. */
  readonly deadlineMs?: number;
  /** Ends all attempts. */
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** undefined when the answer is empty. */
  readonly body: unknown;
}

export interface ApiClientOptions {
  readonly settings: Settings;
  /** For what the user should know while waiting. */
  readonly note: (line: string) => void;
  /** How long requests are repeated that the server delays by Retry-After, ms. */
  readonly retryTimeoutMs?: number;
}

const defaultDeadlineMs = 30_000;
const defaultRetryTimeoutMs = 60_000;

/** Sends requests to the gateway, and turns everything that can go wrong into a `CliError`. */
export class ApiClient {
  readonly #retryTimeoutMs: number;
  #hasWarned = false;

  constructor(private readonly options: ApiClientOptions) {
    this.#retryTimeoutMs = options.retryTimeoutMs ?? defaultRetryTimeoutMs;
  }

  /** The answer of a request that succeeded. @throws CliError for any other, also when the server delays it for too long */
  async send(request: ApiRequest): Promise<Answer> {
    const { note } = this.options;
    const until = performance.now() + this.#retryTimeoutMs;
    // A write that the server has already done is answered again instead of done again.
    const key: Record<string, string> = request.method === 'GET' ? {} : { 'idempotency-key': crypto.randomUUID() };
    for (;;) {
      const response = await this.open({ ...request, headers: { ...key, ...request.headers } });
      const body = await readJson(response, this.#addressOf(request));
      if (response.ok) return { status: response.status, headers: response.headers, body };
      const error = errorOfAnswer(response, body);
      const delayMs = retryDelayMs(response);
      if (delayMs === undefined || performance.now() + delayMs > until) throw error;
      note(`${error.message} Trying again in ${Math.ceil(delayMs / 1_000)} s …`);
      await delay(delayMs, request.signal);
    }
  }

  /**
   * The answer with its body unread, whatever its status. `signal` ends it; without one the deadline does.
   * @throws CliError when there is none
   */
  async open(request: ApiRequest, signal?: AbortSignal): Promise<Response> {
    const { settings } = this.options;
    const address = this.#addressOf(request);
    this.#warnOnce(address);
    const { method, body, headers, deadlineMs = defaultDeadlineMs } = request;
    try {
      return await fetch(address, {
        method,
        headers: {
          authorization: `Bearer ${headerValue(requireApiKey(settings))}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        redirect: 'manual',
        signal:
          signal ?? AbortSignal.any([AbortSignal.timeout(deadlineMs), ...(request.signal ? [request.signal] : [])]),
      });
    } catch (error) {
      throw networkError(error, address, deadlineMs);
    }
  }

  #addressOf({ path, query }: ApiRequest): string {
    const suffix = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
    return parseApiUrl(requireApiUrl(this.options.settings)) + path + suffix;
  }

  #warnOnce(address: string): void {
    if (this.#hasWarned || !isUnprotected(address)) return;
    this.#hasWarned = true;
    this.options.note('Warning: the API has no TLS, so others on the network can read your key.');
  }
}

/** Ends early with the signal; the next attempt then fails at once. */
const delay = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  setTimeout(ms, undefined, { signal }).catch(() => undefined);

/** @throws CliError for a key that no header can carry */
function headerValue(key: string): string {
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CliError('The API key has spaces or characters that no key has.', { remedy: 'copy it again: runos login' });
}
