import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export type Row = Readonly<Record<string, unknown>>;

/** Existing clients read no more of a response, bytes. */
const maxResponseBytes = 10 * 1024 * 1024;
const timeoutMs = 60_000;

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** A response that existing clients report as an error. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    readonly body: Row,
    { method, path }: SentRequest,
  ) {
    super(`${method} ${path}: API error (${status}): ${JSON.stringify(body)}`);
  }
}

/** Sends requests with exactly the headers of existing clients, and records them. */
export class Wire {
  /** In the order in which they were sent. */
  readonly sent: SentRequest[] = [];

  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  /** The object of a successful response. A body that is no JSON counts as an empty one. @throws RefusedRequest */
  async send(method: string, path: string, body?: unknown): Promise<Row> {
    const sent = { method, path, ...(body === undefined ? {} : { body }) };
    this.sent.push(sent);
    const { status, text } = await this.#exchange(method, path, body === undefined ? undefined : JSON.stringify(body));
    const parsed = parsedOf(text);
    const asError = typeof parsed['error'] === 'string' && Number(parsed['statusCode']) >= 400;
    if (status >= 400 || asError) throw new RefusedRequest(status, parsed, sent);
    return parsed;
  }

  get = (path: string): Promise<Row> => this.send('GET', path);

  async #exchange(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    const headers = {
      'User-Agent': 'Go-http-client/1.1',
      Authorization: `Bearer ${this.token}`,
      'Accept-Encoding': 'gzip',
      ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
    };
    const outgoing = request(this.url + path, { method, headers, signal: AbortSignal.timeout(timeoutMs) });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    const bytes = await buffer(response);
    const plain = response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    if (plain.length > maxResponseBytes) throw new Error(`${method} ${path}: ${plain.length} bytes are too many`);
    return { status: response.statusCode ?? 0, text: plain.toString('utf8') };
  }
}

function parsedOf(text: string): Row {
  try {
    return JSON.parse(text) as Row;
  } catch {
    return {};
  }
}

/**
 * The rows of a list: a bare array, or that of an object.
 * @throws Error without one
 */
export function rowsOf(body: Row, envelope: string): readonly Row[] {
  const rows = Array.isArray(body) ? body : body[envelope];
  if (!Array.isArray(rows)) throw new Error(`no list ${envelope}: ${JSON.stringify(body)}`);
  return rows as readonly Row[];
}
