import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** undefined without a body. */
  readonly body: unknown;
}

/** A document that is answered with status 200, or a function that answers. */
export type Reply = object | Respond;
export type Respond = (request: ReceivedRequest, response: ServerResponse) => void;

/** Speaks the HTTP of the gateway for specs: answers what a spec registers, and 404 for everything else. */
export class FakeGateway {
  readonly received: ReceivedRequest[] = [];
  readonly #replies = new Map<string, Reply>();
  readonly #areas = new Map<string, Respond>();
  #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#respond(request, response));
  }

  static async start(): Promise<FakeGateway> {
    const gateway = new FakeGateway();
    await new Promise<void>((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `route` is a method and a path without its query: `GET /l8kk4/clusters`. */
  reply(route: string, reply: Reply): void {
    this.#replies.set(route, reply);
  }

  /** Answers every method at a path and below it, where nothing else is registered. */
  replyUnder(path: string, reply: Respond): void {
    this.#areas.set(path, reply);
  }

  reset(): void {
    this.received.length = 0;
    this.#areas.clear();
    this.#replies.clear();
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const { method = '', url = '', headers } = request;
    const received = { method, url, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    this.received.push(received);
    const [path = ''] = url.split('?', 1);
    const area = [...this.#areas].find(([start]) => path === start || path.startsWith(`${start}/`));
    const reply = this.#replies.get(`${method} ${path}`);
    if (reply === undefined && area !== undefined) area[1](received, response);
    else if (reply === undefined)
      answer(response, 404, { error: 'No such route.', code: 'route.not_found', traceId: 'f00d' });
    else if (typeof reply === 'function') reply(received, response);
    else answer(response, 200, reply);
  }
}

/** Sends a document. */
export function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
