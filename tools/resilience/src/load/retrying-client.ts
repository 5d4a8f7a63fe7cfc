import { idleConnectionGraceMs } from '@runos/config';
import { recorderOf } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import type { RecordedHistory } from '../history/recorded-history.js';

export interface FinalResponse {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** When the first attempt started and the last one ended, ms since the epoch: it took effect in between. */
  readonly from: number;
  readonly to: number;
}

/** A response that the plane must not give. */
export interface UnexpectedResponse {
  readonly at: string;
  readonly what: string;
}

/** The timeout of one attempt, ms: longer than any deadline of the plane. */
const attemptMs = 30_000;
/** The pause before a retry without `Retry-After`, ms. */
const defaultPauseMs = 250;

/** A gateway that stops keeps idle connections for a while, so a correct client reuses none that was idle for longer. */
const maxIdleMs = idleConnectionGraceMs / 6;
const connections = new Agent({ keepAliveTimeout: maxIdleMs, keepAliveMaxTimeout: maxIdleMs });

/**
 * A correct client: it retries after a missing response or 503 with the same `Idempotency-Key`, and counts every
 * response. It records responses that the plane must never give.
 */
export class RetryingClient {
  /** The number of responses by status; `broken` counts connections without one. */
  readonly responses = new Map<string, number>();
  readonly unexpectedResponses: UnexpectedResponse[] = [];

  constructor(
    private readonly url: string,
    private readonly token: string,
    /** Whether a request that started then may lack a response, because a fault hit the gateway. */
    private readonly mayLackResponse: (startedAt: number) => boolean = () => false,
    private readonly history?: RecordedHistory,
    /** Ends the retries. */
    private readonly end?: AbortSignal,
  ) {}

  /** Resolves with the first final response. @throws Error when there is none within `deadlineMs`, or before the end */
  async send(method: string, path: string, body: unknown, key: string, deadlineMs = 180_000): Promise<FinalResponse> {
    const from = Date.now();
    const until = from + deadlineMs;
    const started = this.history?.now() ?? 0;
    let attempts = 0;
    const record = (final?: Pick<FinalResponse, 'status' | 'body'>): void =>
      this.history?.record({
        client: 'load',
        method,
        path,
        request: body,
        key,
        from: started,
        attempts,
        status: final?.status,
        response: final?.body,
      });
    while (Date.now() < until && !this.end?.aborted) {
      attempts += 1;
      const answer = await this.#once(method, path, body, key);
      if (answer === undefined) await sleep(defaultPauseMs);
      else if (answer.final.status === 503) await sleep(answer.pauseMs);
      else {
        record(answer.final);
        return { ...answer.final, from, to: Date.now() };
      }
    }
    record();
    const within = this.end?.aborted ? 'before the end of the run' : `within ${deadlineMs / 1000} s`;
    throw new Error(`${method} ${path} was not answered ${within}, though it was repeated`);
  }

  async #once(method: string, path: string, body: unknown, key: string) {
    const recordUnexpected = (what: string): void =>
      void this.unexpectedResponses.push({ at: new Date().toISOString(), what: `${method} ${path}: ${what}` });
    const recorder = recorderOf(this.url);
    await recorder?.beforeRequest(method, path);
    const startedAt = Date.now();
    try {
      const response = await fetch(this.url + path, {
        dispatcher: connections,
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          'idempotency-key': key,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(attemptMs),
      });
      const text = await response.text();
      this.#count(String(response.status));
      recorder?.record(path, response.status, text);
      const retryAfter = response.headers.get('retry-after');
      if (response.status === 503 && retryAfter === null) recordUnexpected('503 without Retry-After');
      if (response.status >= 500 && response.status !== 503) recordUnexpected(`${response.status} ${text}`);
      const pauseMs = Math.min(Number(retryAfter ?? 0) * 1_000 || defaultPauseMs, 5_000);
      return { final: { status: response.status, body: parse(text) }, pauseMs };
    } catch (error) {
      this.#count('broken');
      if (!this.mayLackResponse(startedAt)) recordUnexpected(`no answer: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
  }

  #count(answer: string): void {
    this.responses.set(answer, (this.responses.get(answer) ?? 0) + 1);
  }
}

const parse = (text: string): Record<string, unknown> =>
  text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
