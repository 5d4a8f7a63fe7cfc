import { type Agent, request } from 'node:http';

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface RawResponse {
  /** 0 when the connection broke before a response. */
  readonly status: number;
  readonly text: string;
}

/** No response of the plane is longer. */
const readBytes = 64 * 1024;

/** Sends a raw request; a broken connection is a result, not an error. */
export function sendRaw(api: string, agent: Agent, { method, path, headers, body }: RawRequest): Promise<RawResponse> {
  const { hostname, port } = new URL(api);
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
    const sent = request({ hostname, port, agent, method, path, headers: { ...headers, ...length }, timeout: 30_000 });
    const broken = (): void => resolve({ status: 0, text: '' });
    sent.on('error', broken);
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('response', (response) => {
      let text = '';
      const finish = (): void => resolve({ status: response.statusCode ?? 0, text });
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (text.length < readBytes) text += part;
        // A stream of events does not end by itself.
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy();
      });
      response.on('close', finish);
    });
    sent.end(body);
  });
}
