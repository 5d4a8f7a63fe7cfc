import type { Operation } from '@runos/api';
import { recorderOf } from '@runos/tool-e2e';
import type { SampleRequest } from './sample-request.js';

export interface Response {
  readonly status: number;
  readonly text: string;
}

/** A key that is too long: validation refuses every write with it, for every caller. */
export const invalidKey = 'x'.repeat(65);

/** Sends one request as a caller; a write with this `Idempotency-Key`, if any. */
export async function sendRequest(
  url: string,
  token: string | undefined,
  { mediaType }: Operation,
  { method, path, body }: SampleRequest,
  key: string | undefined,
): Promise<Response> {
  const book = recorderOf(url);
  await book?.beforeRequest(method, path);
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key !== undefined && method !== 'GET' ? { 'idempotency-key': key } : {}),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  if (response.ok && mediaType === 'text/event-stream') {
    await response.body?.cancel(); // the stream continues until the job ends
    return { status: response.status, text: '' };
  }
  const text = await response.text();
  book?.record(path, response.status, text);
  return { status: response.status, text };
}
