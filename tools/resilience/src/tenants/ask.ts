import type { Operation } from '@runos/api';
import { recorderOf } from '@runos/tool-e2e';
import type { SampleRequest } from './sample-request.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** No validation takes it, it is longer than any key may be: a write that has it ends there, whoever sends it. */
export const unreadableKey = 'x'.repeat(65);

/** One request as a caller sends it; a write with this `Idempotency-Key`, if there is one. */
export async function ask(
  url: string,
  token: string | undefined,
  { mediaType }: Operation,
  { method, path, body }: SampleRequest,
  key: string | undefined,
): Promise<Answer> {
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
    await response.body?.cancel(); // it goes on until the job ends
    return { status: response.status, text: '' };
  }
  const text = await response.text();
  book?.record(path, response.status, text);
  return { status: response.status, text };
}
