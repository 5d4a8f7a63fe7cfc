import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsText } from './metrics.js';
import type { ReadinessReport } from './readiness.js';

export interface OpsServerOptions {
  readonly host?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly readiness: () => Promise<ReadinessReport>;
}

export interface OpsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves `/livez` (200 while the event loop runs), `/readyz` (200, or 503 with the failed checks) and `/metrics`
 * (Prometheus text). @throws Error when the port is in use
 */
export async function opsServer({ host = '127.0.0.1', port, readiness }: OpsServerOptions): Promise<OpsServer> {
  const routes = new Map<string, (response: ServerResponse) => Promise<void>>([
    ['/livez', async (response) => respond(response, 200, 'application/json', '{"ok":true}')],
    [
      '/readyz',
      async (response) => {
        const report = await readiness();
        respond(response, report.ok ? 200 : 503, 'application/json', JSON.stringify(report));
      },
    ],
    ['/metrics', async (response) => respond(response, 200, 'text/plain; version=0.0.4', await metricsText())],
  ]);
  const server = createServer((request, response) => {
    const route = routes.get((request.url ?? '').split('?')[0] ?? '');
    if (route === undefined)
      return respond(response, 404, 'text/plain', 'Not found. Paths: /livez, /readyz, /metrics\n');
    route(response).catch((error: unknown) => {
      respond(response, 500, 'text/plain', `${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
