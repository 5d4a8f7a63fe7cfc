import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the registry requests. */
export type RegistryScheme = 'basic' | 'bearer';

/** The registry of a spec: the API of a distribution registry over HTTP, on a loopback address. */
export class FakeRegistry {
  scheme: RegistryScheme = 'bearer';
  /** The credentials that it accepts, and its answer to others. */
  username = 'acme';
  password = 'pull';
  refusal: object = { errors: [{ code: 'UNAUTHORIZED', message: 'incorrect username or password' }] };
  /** Answers instead, if it is set. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  /** Method and path of each request, with the scheme of its authorization. */
  readonly requests: string[] = [];

  readonly #server = createServer((request, response) => this.#receive(request, response));

  static async start(): Promise<FakeRegistry> {
    const registry = new FakeRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method, headers } = request;
    const [scheme = 'none'] = (headers.authorization ?? '').split(' ').filter((part) => part !== '');
    this.requests.push(`${method} ${url} ${scheme}`);
    if (this.answer !== undefined) return this.answer(request, response);
    const basic = `Basic ${Buffer.from(`${this.username}:${this.password}`).toString('base64')}`;
    const isAccepted = headers.authorization === basic;
    if (url.startsWith('/token?')) {
      return isAccepted ? send(response, 200, { token: 'granted' }) : send(response, 401, this.refusal);
    }
    const isGranted = this.scheme === 'basic' ? isAccepted : headers.authorization === 'Bearer granted';
    if (isGranted) return send(response, 200, {});
    const challenge = `Bearer realm="http://${this.host}/token",service="registry.example",scope=""`;
    send(response, 401, this.refusal, this.scheme === 'basic' ? 'Basic realm="registry"' : challenge);
  }
}

/** Answers with a status, a JSON body and a challenge. */
export function send(response: ServerResponse, status: number, body: object, challenge?: string): void {
  if (challenge !== undefined) response.setHeader('www-authenticate', challenge);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
