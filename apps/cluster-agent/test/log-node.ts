import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '@runos/kube-client';
import type { KubeObject } from '@runos/kube-objects';

/**
 * A node of the cluster that runs nothing and serves logs as a kubelet does: the last `tailLines`, of which it sends the
 * first `limitBytes`. Logs that are followed stay open after these.
 */
export class LogNode {
  /** The paths of the requests for logs. */
  readonly requests: string[] = [];
  /** The logs that are followed now. */
  readonly followed = new Set<ServerResponse>();

  private constructor(
    private readonly admin: KubeClient,
    readonly name: string,
    private readonly server: Server,
  ) {}

  static async start(admin: KubeClient, name: string, lines: () => readonly string[]): Promise<LogNode> {
    const server = createServer(newCertificate());
    const node = new LogNode(admin, name, server);
    server.on('request', ({ url = '' }, response) => {
      const { pathname, searchParams } = new URL(url, 'https://node');
      node.requests.push(pathname);
      const tail = lines().slice(-Number(searchParams.get('tailLines')));
      const bytes = Buffer.from(`${tail.join('\n')}\n`);
      if (searchParams.get('follow') === 'true') return node.#follow(response, bytes);
      response.end(bytes.subarray(0, Number(searchParams.get('limitBytes') ?? Infinity)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    await admin.create(node.#object((server.address() as AddressInfo).port));
    return node;
  }

  /** Writes a line to the logs that are followed. */
  log(line: string): void {
    for (const response of this.followed) response.write(`${line}\n`);
  }

  #follow(response: ServerResponse, existing: Buffer): void {
    this.followed.add(response);
    response.once('close', () => this.followed.delete(response));
    response.write(existing);
  }

  /** Its kubelet serves nothing any more. */
  async crash(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  async stop(): Promise<void> {
    await this.admin.delete({ apiVersion: 'v1', kind: 'Node', name: this.name });
    this.server.closeAllConnections();
    this.server.close();
  }

  #object(port: number): KubeObject {
    return {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: this.name },
      spec: { unschedulable: true },
      status: {
        addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
        daemonEndpoints: { kubeletEndpoint: { Port: port } },
      },
    };
  }
}

/** The API server does not verify the certificate of a node unless it is configured to. */
function newCertificate(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'runos-log-node-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const files = ['-keyout', key, '-out', cert];
  const options = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  try {
    execFileSync('openssl', ['req', ...options, '-subj', '/CN=node', ...files], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
