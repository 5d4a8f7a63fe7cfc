import { type Operation, operations } from '@runos/api';
import { type Answer, ask } from './ask.js';
import type { Caller } from './cases.js';
import { requestOf } from './sample-request.js';
import type { TwoAccounts } from './two-accounts.js';

/** What the owner asked under a key that others will repeat. */
export interface Once {
  readonly operation: Operation;
  readonly key: string;
  readonly answer: Answer;
}

/** Whoever repeats it as the same person in the same role is the client itself. */
const same: readonly Caller[] = ['owner', 'owner session'];

/** The owner makes one of each kind of thing under an `Idempotency-Key`. */
export const askOnce = (url: string, { own, tokens }: TwoAccounts): Promise<Once[]> =>
  Promise.all(
    operations
      .filter(({ method, id }) => method === 'POST' && id.endsWith('.create'))
      .map(async (operation, number) => {
        const key = `only-mine-${number}`;
        return { operation, key, answer: await ask(url, tokens.owner, operation, requestOf(operation, own), key) };
      }),
  );

/** Everybody sends the owner's requests again, under the owner's keys: nobody else gets the owner's answers. */
export async function repeatFaults(
  url: string,
  { own, tokens }: TwoAccounts,
  asked: readonly Once[],
): Promise<{ tried: number; wrong: string[] }> {
  const wrong: string[] = [];
  const callers = Object.keys(tokens) as Caller[];
  for (const { operation, key, answer: first } of asked) {
    if (first.status >= 300) wrong.push(`${operation.id}: the owner was answered ${first.status} ${first.text}`);
    const answers = await Promise.all(
      callers.map((caller) => ask(url, tokens[caller], operation, requestOf(operation, own), key)),
    );
    answers.forEach(({ status, text }, place) => {
      const isSame = same.some((each) => each === callers[place]);
      const right = isSame ? status === first.status && text === first.text : status >= 400 && status < 500;
      if (!right) wrong.push(`${operation.id}, repeated as ${callers[place]}: ${status} ${text}`);
    });
  }
  return { tried: asked.length * callers.length, wrong };
}
