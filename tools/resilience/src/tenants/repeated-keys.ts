import { type Operation, operations } from '@runos/api';
import { type Response, sendRequest } from './send-request.js';
import type { Caller } from './cases.js';
import { requestOf } from './samples.js';
import type { TwoAccounts } from './two-accounts.js';

/** A request of the owner whose key other callers repeat. */
export interface OriginalRequest {
  readonly operation: Operation;
  readonly key: string;
  readonly answer: Response;
}

/** A repetition by the same user in the same role is a retry of the client itself. */
const same: readonly Caller[] = ['owner', 'owner session'];

/** The owner creates one resource of each kind with an `Idempotency-Key`. */
export const sendOriginals = (url: string, { own, tokens }: TwoAccounts): Promise<OriginalRequest[]> =>
  Promise.all(
    operations
      .filter(({ method, id }) => method === 'POST' && id.endsWith('.create'))
      .map(async (operation, number) => {
        const key = `owner-key-${number}`;
        return {
          operation,
          key,
          answer: await sendRequest(url, tokens.owner, operation, requestOf(operation, own), key),
        };
      }),
  );

/** Every caller repeats the owner's requests with the owner's keys, and must not get the owner's responses. */
export async function repeatFaults(
  url: string,
  { own, tokens }: TwoAccounts,
  originals: readonly OriginalRequest[],
): Promise<{ tried: number; wrong: string[] }> {
  const wrong: string[] = [];
  const callers = Object.keys(tokens) as Caller[];
  for (const { operation, key, answer: first } of originals) {
    if (first.status >= 300) wrong.push(`${operation.id}: the owner was answered ${first.status} ${first.text}`);
    const answers = await Promise.all(
      callers.map((caller) => sendRequest(url, tokens[caller], operation, requestOf(operation, own), key)),
    );
    answers.forEach(({ status, text }, index) => {
      const isSame = same.some((each) => each === callers[index]);
      const right = isSame ? status === first.status && text === first.text : status >= 400 && status < 500;
      if (!right) wrong.push(`${operation.id}, repeated as ${callers[index]}: ${status} ${text}`);
    });
  }
  return { tried: originals.length * callers.length, wrong };
}
