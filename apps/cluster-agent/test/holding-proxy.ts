import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as forward } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestCluster } from '@runos/testing-kube';

interface HeldRequest {
  readonly call: string;
  pass(): void;
}

/** A proxy in front of an API server that holds requests. A held request arrives later, even if its client has gone. */
export class HoldingProxy {
  readonly #server: Server;
  readonly #held: HeldRequest[] = [];
  #mustHold: (call: string) => boolean = () => false;

  private constructor(private readonly cluster: TestCluster) {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async start(cluster: TestCluster): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(cluster);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get server(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The held requests: `PUT /api/v1/…`. */
  get held(): readonly string[] {
    return this.#held.map(({ call }) => call);
  }

  /** From now on holds the requests for which this is true of `METHOD /path`. */
  hold(mustHold: (call: string) => boolean): void {
    this.#mustHold = mustHold;
  }

  /** Passes the held requests in their order, and holds none from now on. */
  release(): void {
    this.#mustHold = () => false;
    this.#held.splice(0).forEach((request) => request.pass());
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = `${request.method} ${request.url}`;
    const pass = () => this.#forward(request, Buffer.concat(chunks), response);
    if (this.#mustHold(call)) this.#held.push({ call, pass });
    else pass();
  }

  #forward({ method, url, headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const target = new URL(url ?? '/', this.cluster.server);
    const onward = forward(target, { method, headers: { ...headers, host: target.host }, ca: this.cluster.ca });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      response.on('close', () => answer.destroy());
    });
    for (const side of [onward, response]) side.on('error', () => undefined);
    onward.end(body);
  }
}
