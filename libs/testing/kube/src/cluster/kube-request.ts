import { Agent, request } from 'node:https';

export interface Target {
  readonly server: string;
  /** PEM */
  readonly ca: string;
  readonly token: string;
}

export interface Call {
  readonly method?: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  readonly body?: string;
  readonly contentType?: string;
  /** Default JSON. */
  readonly accept?: string;
  readonly deadlineMs?: number;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });

/** Sends one request as the cluster's administrator; resolves with any status. @throws Error without a response */
export function kubeRequest(target: Target, path: string, call: Call = {}): Promise<Reply> {
  const {
    method = 'GET',
    body,
    contentType = 'application/json',
    accept = 'application/json',
    deadlineMs = 30_000,
  } = call;
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, target.server),
      {
        method,
        agent,
        ca: target.ca,
        signal: AbortSignal.timeout(deadlineMs),
        headers: {
          authorization: `Bearer ${target.token}`,
          accept,
          // Node frames the body of a DELETE only by this length.
          ...(body && { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
        },
      },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Server-side apply of one object as text (YAML or JSON). @throws Error with the server's message when it refuses */
export async function apply(target: Target, path: string, object: string): Promise<string> {
  const url = `${path}?fieldManager=tool-kube&force=true`;
  const reply = await kubeRequest(target, url, {
    method: 'PATCH',
    body: object,
    contentType: 'application/apply-patch+yaml',
  });
  if (reply.status >= 300) throw new Error(`${path} was refused (${reply.status}): ${reply.body.slice(0, 500)}`);
  return reply.body;
}
