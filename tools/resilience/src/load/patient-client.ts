import { recorderOf } from '@runos/tool-e2e';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Final {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** When the first attempt began and the last one was answered, ms since the epoch: in between it took effect. */
  readonly from: number;
  readonly to: number;
}

/** What a client saw and should not have. */
export interface Complaint {
  readonly at: string;
  readonly what: string;
}

/** The longest a client waits for one answer, ms: longer than any deadline of the plane. */
const attemptMs = 30_000;
/** Where nothing says when to come back, ms. */
const defaultPauseMs = 250;

/**
 * A client as one should be: it repeats what it got no answer to, or 503, with the same `Idempotency-Key`, and counts
 * every answer. Whatever the plane must never answer becomes a complaint.
 */
export class PatientClient {
  /** Answers by status; `broken` are connections without one. */
  readonly answers = new Map<string, number>();
  readonly complaints: Complaint[] = [];

  constructor(
    private readonly url: string,
    private readonly token: string,
    /** Whether a request that began then may break off now: who would answer is gone, on purpose. */
    private readonly excused: (begun: number) => boolean = () => false,
  ) {}

  /** Resolves with the first answer that is one. @throws Error when there is none before `deadlineMs` is over. */
  async send(method: string, path: string, body: unknown, key: string, deadlineMs = 180_000): Promise<Final> {
    const from = Date.now();
    const until = from + deadlineMs;
    while (Date.now() < until) {
      const answer = await this.#once(method, path, body, key);
      if (answer === undefined) await sleep(defaultPauseMs);
      else if (answer.final.status !== 503) return { ...answer.final, from, to: Date.now() };
      else await sleep(answer.pauseMs);
    }
    throw new Error(`${method} ${path} was not answered within ${deadlineMs / 1000} s, though it was repeated`);
  }

  async #once(method: string, path: string, body: unknown, key: string) {
    const complain = (what: string): void =>
      void this.complaints.push({ at: new Date().toISOString(), what: `${method} ${path}: ${what}` });
    const book = recorderOf(this.url);
    await book?.beforeRequest(method, path);
    const begun = Date.now();
    try {
      const response = await fetch(this.url + path, {
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
      book?.record(path, response.status, text);
      const retryAfter = response.headers.get('retry-after');
      if (response.status === 503 && retryAfter === null) complain('503 without Retry-After');
      if (response.status >= 500 && response.status !== 503) complain(`${response.status} ${text}`);
      const pauseMs = Math.min(Number(retryAfter ?? 0) * 1_000 || defaultPauseMs, 5_000);
      return { final: { status: response.status, body: parse(text) }, pauseMs };
    } catch (error) {
      this.#count('broken');
      if (!this.excused(begun)) complain(`no answer: ${String((error as Error).cause ?? error)}`);
      return undefined;
    }
  }

  #count(answer: string): void {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }
}

const parse = (text: string): Record<string, unknown> =>
  text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
