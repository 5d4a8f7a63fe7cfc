import type { Operation } from '@runos/api';
import { recorderOf } from '@runos/tool-e2e';
import type { Case } from './cases.js';
import { idNames, type Ids, osidOf, type SampleRequest } from './samples.js';

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

/** The data against which a response is checked. */
export interface ResponseContext {
  /** The caller's token. */
  readonly token: string | undefined;
  /** The resources of the account to which the caller does not belong. */
  readonly hidden: Ids;
  /** The ids of the request and of the same request about missing ones. */
  readonly sent: Ids;
  readonly missing: Ids;
  readonly counterpart: Response | undefined;
}

/** The failures of a response; empty when it is correct. */
export function checkResponse(
  one: Case,
  answer: Response,
  { token, hidden, sent, missing, counterpart }: ResponseContext,
): string[] {
  const faults: string[] = [];
  const { status, code } = one.expected;
  const seen = read(answer.text);
  if (answer.status !== status || (code !== undefined && seen['code'] !== code)) {
    faults.push(`${status} ${code ?? ''} was expected, but it was ${answer.status} ${answer.text}`);
  }
  if (counterpart !== undefined) {
    const [forForeign, forMissing] = [withoutVariableParts(answer, sent), withoutVariableParts(counterpart, missing)];
    if (forForeign !== forMissing)
      faults.push(`a foreign resource was answered ${forForeign}, a missing one ${forMissing}`);
  }
  if (token !== undefined && answer.text.includes(token)) faults.push('the answer repeats the caller’s token');
  const sentText = JSON.stringify(one.request);
  const leaked = idNames.filter(
    (name) => !sentText.includes(hidden[name]) && answer.text.includes(`"${hidden[name]}"`),
  );
  if (leaked.length > 0) faults.push(`the response contains the other account's ${leaked.join(', ')}: ${answer.text}`);
  return faults;
}

/** A response without its variable parts: the trace id and the sent ids. */
function withoutVariableParts({ status, text }: Response, sent: Ids): string {
  const { traceId: _, ...body } = read(text);
  const ids = [osidOf(sent), ...idNames.map((name) => sent[name])];
  return ids.reduce((left, id) => left.replaceAll(id, '…'), `${status} ${JSON.stringify(body)}`);
}

const read = (text: string): Record<string, unknown> =>
  text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
