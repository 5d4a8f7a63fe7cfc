import { type Agent, request } from 'node:http';

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Said {
  /** 0: the connection broke before there was an answer. */
  readonly status: number;
  readonly text: string;
}

/** No answer of ours is longer. */
const readBytes = 64 * 1024;

/** Sends what no well-meaning client would; a broken connection is an outcome, not an error. */
export function send(api: string, agent: Agent, { method, path, headers, body }: Sent): Promise<Said> {
  const { hostname, port } = new URL(api);
  return new Promise((resolve) => {
    const length = body === undefined ? {} : { 'content-length': String(body.byteLength) };
    const sent = request({ hostname, port, agent, method, path, headers: { ...headers, ...length }, timeout: 30_000 });
    const broken = (): void => resolve({ status: 0, text: '' });
    sent.on('error', broken);
    sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
    sent.on('response', (response) => {
      let text = '';
      const said = (): void => resolve({ status: response.statusCode ?? 0, text });
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (text.length < readBytes) text += part;
        // A stream of events has no end of its own.
        if (response.headers['content-type']?.startsWith('text/event-stream')) response.destroy();
      });
      response.on('close', said);
    });
    sent.end(body);
  });
}
