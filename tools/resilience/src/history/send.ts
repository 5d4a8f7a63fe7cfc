import type { RecordedHistory } from './recorded-history.js';

/** One replica of the gateway. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  readonly token: string;
}

/** The timeout of a read, ms: longer than the longest pause of a replica, whose late response is the interesting one. */
const timeoutMs = 60_000;

/**
 * Reads a path once at one replica, records the response and resolves with its body. A read without a response has no
 * meaning: it is not recorded and resolves with undefined.
 */
export async function send({ name, url, token }: Endpoint, path: string, history: RecordedHistory): Promise<unknown> {
  const from = history.now();
  try {
    const headers = { authorization: `Bearer ${token}` };
    const reply = await fetch(url + path, { headers, signal: AbortSignal.timeout(timeoutMs) });
    const response: unknown = await reply.json();
    history.record({
      client: `observer at ${name}`,
      method: 'GET',
      path,
      from,
      attempts: 1,
      status: reply.status,
      response,
    });
    return response;
  } catch {
    return undefined; // the replica is down, or its connection broke
  }
}
