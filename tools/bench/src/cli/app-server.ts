import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How much each app has. */
export interface AppContent {
  readonly variables: number;
  readonly secretFiles: number;
  readonly overrides: number;
}

/** How long a request takes: about the time of a read of the gateway on a quiet machine, ms. */
const responseMs = 5;
const names = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const contentOf = (filename: string) => `content of ${filename}\n`.repeat(100);

/** Answers reads of apps as the gateway does, from memory. */
export class AppServer {
  /** The most requests that were open at once. */
  mostOpen = 0;
  #open = 0;
  readonly #server = createServer((request, response) => void this.#respond(request.url ?? '', response));

  private constructor(
    private readonly ids: readonly string[],
    private readonly content: AppContent,
  ) {}

  static async start(ids: readonly string[], content: AppContent): Promise<AppServer> {
    const server = new AppServer(ids, content);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #respond(url: string, response: ServerResponse): Promise<void> {
    this.#open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.#open);
    await sleep(responseMs);
    this.#open -= 1;
    const body = this.#bodyOf(url.split('?', 1)[0] ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json', etag: '"1"' });
    response.end(JSON.stringify(body ?? { error: 'No such route.', code: 'route.not_found' }));
  }

  #bodyOf(path: string): object | undefined {
    const { variables, secretFiles, overrides } = this.content;
    const [, , , , id, part = '', filename] = path.split('/');
    if (id === undefined) return { apps: this.ids.map((each) => ({ id: each, name: `shop-${each}` })) };
    const variablesOf = (prefix: string) => ({
      envVars: Object.fromEntries(names(variables, prefix).map((name) => [name, `value of ${name}`])),
    });
    const bodies: Readonly<Record<string, object>> = {
      '': appOf(id),
      'env-vars': variablesOf('VARIABLE_'),
      'secret-env-vars': variablesOf('SECRET_'),
      requires: {},
      'secret-files': { files: names(secretFiles, 'file-').map(fileOf) },
      overrides: {
        overrides: names(overrides, 'override-').map((name, index) => ({
          id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
          name,
          enabled: true,
          data: base64(`metadata: {annotations: {example.com/${name}: "1"}}\n`),
        })),
      },
    };
    return filename === undefined ? bodies[part] : { filename, content: base64(contentOf(filename)) };
  }
}

const fileOf = (filename: string) => ({
  filename,
  mountPath: `/etc/shop/${filename}`,
  md5: createHash('md5').update(contentOf(filename)).digest('hex'),
});

const appOf = (id: string) => ({
  id,
  osid: `app-${id}`,
  name: `shop-${id}`,
  status: 'healthy',
  deployType: 'image',
  image: 'registry.example.com/shop:1',
  resourceRequirementClassId: 'app.sl1.small',
  replicas: 1,
  cpuRequestMc: 100,
  cpuLimitMc: 200,
  memoryRequestMb: 128,
  memoryLimitMb: 256,
  servicePortMappings: [{ port: 8080, standardHttps: true, domains: [] }],
  conditions: [],
  generation: 1,
});
