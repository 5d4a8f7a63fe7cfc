import { operations } from '@runos/api';
import type pg from 'pg';
import { checkResponse, invalidKey, type Response, sendRequest } from './send-request.js';
import { type Case, casesOf, isOutsider } from './cases.js';
import { type Ids, missingIds } from './samples.js';
import { sendOriginals, repeatFaults } from './repeated-keys.js';
import { changedTables, stableDigests, tableDigests } from './table-digests.js';
import type { TwoAccounts } from './two-accounts.js';

export interface Cell {
  readonly one: Case;
  readonly status: number;
  readonly failures: readonly string[];
}

export interface Matrix {
  readonly cells: readonly Cell[];
  /** Failures of responses to callers that repeat another caller's Idempotency-Key. */
  readonly repeats: { readonly tried: number; readonly wrong: readonly string[] };
  /** The number of requests, including those about missing ids. */
  readonly requests: number;
  /** Tables that changed by repeated keys, by refused requests, and by accepted ones. */
  readonly changed: Readonly<Record<'repeated' | 'refused' | 'passed', readonly string[]>>;
}

/** The number of concurrent requests. */
const concurrency = 8;

/** Sends every operation as every caller to the plane at `url`. */
export async function runMatrix(url: string, accounts: TwoAccounts, sql: pg.Client): Promise<Matrix> {
  const cases = operations.flatMap((operation) => casesOf(operation, accounts.own, accounts.other));
  const originals = await sendOriginals(url, accounts);
  const before = await stableDigests(sql);
  const repeats = await repeatFaults(url, accounts, originals);
  const afterRepeats = await tableDigests(sql);
  const refused = await sendAll(
    url,
    accounts,
    cases.filter(({ passes }) => !passes),
  );
  const between = await tableDigests(sql);
  const passed = await sendAll(
    url,
    accounts,
    cases.filter(({ passes }) => passes),
  );
  const after = await tableDigests(sql);
  return {
    cells: [...refused, ...passed],
    repeats,
    requests: cases.length + cases.filter(({ counterpart }) => counterpart).length,
    changed: {
      repeated: changedTables(before, afterRepeats),
      refused: changedTables(afterRepeats, between),
      passed: changedTables(between, after),
    },
  };
}

async function sendAll(url: string, accounts: TwoAccounts, cases: readonly Case[]): Promise<Cell[]> {
  const cells: Cell[] = [];
  const rest = cases.entries(); // the workers share this iterator
  const worker = async (): Promise<void> => {
    for (const [place, one] of rest) cells[place] = await cellOf(url, accounts, one);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return cells;
}

async function cellOf(url: string, { own, other, tokens }: TwoAccounts, one: Case): Promise<Cell> {
  const { operation, request, caller, counterpart, passes } = one;
  const key = passes ? invalidKey : undefined;
  const answer = await sendRequest(url, tokens[caller], operation, request, key);
  const counterpartResponse: Response | undefined =
    counterpart && (await sendRequest(url, tokens[caller], operation, counterpart, key));
  const callerIsOutsider = isOutsider(caller);
  const sent: Ids = callerIsOutsider ? own : { ...own, ...pick(other, one.foreign) };
  const missing: Ids = callerIsOutsider ? missingIds : { ...own, ...pick(missingIds, one.foreign) };
  const failures = checkResponse(one, answer, {
    token: tokens[caller],
    hidden: callerIsOutsider ? own : other,
    sent,
    missing,
    counterpart: counterpartResponse,
  });
  return { one, status: answer.status, failures };
}

const pick = (ids: Ids, names: readonly (keyof Ids)[]): Partial<Ids> =>
  Object.fromEntries(names.map((name) => [name, ids[name]]));
