import { isDeepStrictEqual } from 'node:util';
import { eventually } from './eventually.js';
import { recorderOf } from './secrets/response-recorder.js';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

export interface RequestOptions {
  readonly headers?: Record<string, string>;
  /** Sent unchanged, instead of `body` as JSON. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
}

/** A client of the public API with one token. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly token: string | undefined,
  ) {}

  async send(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const book = recorderOf(this.url);
    await book?.beforeRequest(method, path);
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined && options.raw === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      body: options.raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.text();
    const answer = text === '' ? {} : (JSON.parse(text) as Answer['body']);
    book?.record(path, response.status, text);
    return { status: response.status, body: answer, headers: response.headers };
  }

  get = (path: string): Promise<Answer> => this.send('GET', path);
  post = (path: string, body?: unknown, options?: RequestOptions): Promise<Answer> =>
    this.send('POST', path, body, options);
  patch = (path: string, body?: unknown, options?: RequestOptions): Promise<Answer> =>
    this.send('PATCH', path, body, options);
  delete = (path: string): Promise<Answer> => this.send('DELETE', path);

  /** The job once it has ended. */
  ended(jobId: unknown, withinMs = 120_000): Promise<Record<string, unknown>> {
    return eventually(
      `job ${String(jobId)} to end`,
      async () => {
        const { body } = await this.get(`/jobs/${String(jobId)}`);
        if (['completed', 'failed', 'cancelled'].includes(String(body['status']))) return body;
        throw new Error(`it is ${JSON.stringify(body)}`);
      },
      withinMs,
    );
  }

  /**
   * A resource once it has these fields. What services project from each other, such as jobs, follows a moment after its
   * source. @throws Error with the last response
   */
  once(path: string, fields: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    return eventually(`${path} to have ${JSON.stringify(fields)}`, async () => {
      const { body } = await this.get(path);
      if (Object.entries(fields).every(([name, value]) => isDeepStrictEqual(body[name], value))) return body;
      throw new Error(`it is ${JSON.stringify(body)}`);
    });
  }

  /** The job once it has these fields. */
  jobOnce = (jobId: unknown, fields: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> =>
    this.once(`/jobs/${String(jobId)}`, fields);

  /** Every log line of a job, in order. */
  async logs(jobId: unknown): Promise<string[]> {
    const { body } = await this.get(`/jobs/${String(jobId)}/workitems`);
    const lines: string[] = [];
    for (const { id } of body['workItems'] as { id: string }[]) {
      const page = await this.get(`/jobs/${String(jobId)}/workitems/${id}/logs`);
      lines.push(...(page.body['logs'] as { message: string }[]).map(({ message }) => message));
    }
    return lines;
  }
}
