import { operations } from '@runos/api';
import type pg from 'pg';
import { type Answer, ask, unreadableKey } from './ask.js';
import { type Case, casesOf, isOutsider } from './cases.js';
import { type Ids, missingIds } from './ids.js';
import { faultsOf } from './judge.js';
import { askOnce, repeatFaults } from './repeats.js';
import { changedTables, settled, tableDigests } from './table-digests.js';
import type { TwoAccounts } from './two-accounts.js';

export interface Cell {
  readonly one: Case;
  readonly status: number;
  readonly faults: readonly string[];
}

export interface Matrix {
  readonly cells: readonly Cell[];
  /** What is wrong about answers to those who repeat another caller's Idempotency-Key. */
  readonly repeats: { readonly tried: number; readonly wrong: readonly string[] };
  /** Requests sent, those about what does not exist among them. */
  readonly requests: number;
  /** Tables that are not as before after keys were repeated, after all that was refused, and after all that passed. */
  readonly changed: Readonly<Record<'repeated' | 'refused' | 'passed', readonly string[]>>;
}

/** Requests under way at once. */
const atOnce = 8;

/** Every operation as every caller, against the plane at `url`. */
export async function runMatrix(url: string, accounts: TwoAccounts, sql: pg.Client): Promise<Matrix> {
  const cases = operations.flatMap((operation) => casesOf(operation, accounts.own, accounts.other));
  const once = await askOnce(url, accounts);
  const before = await settled(sql);
  const repeats = await repeatFaults(url, accounts, once);
  const asked = await tableDigests(sql);
  const refused = await askAll(
    url,
    accounts,
    cases.filter(({ passes }) => !passes),
  );
  const between = await tableDigests(sql);
  const passed = await askAll(
    url,
    accounts,
    cases.filter(({ passes }) => passes),
  );
  const after = await tableDigests(sql);
  return {
    cells: [...refused, ...passed],
    repeats,
    requests: cases.length + cases.filter(({ twin }) => twin).length,
    changed: {
      repeated: changedTables(before, asked),
      refused: changedTables(asked, between),
      passed: changedTables(between, after),
    },
  };
}

async function askAll(url: string, accounts: TwoAccounts, cases: readonly Case[]): Promise<Cell[]> {
  const cells: Cell[] = [];
  const rest = cases.entries(); // each is taken by the first worker that is free
  const worker = async (): Promise<void> => {
    for (const [place, one] of rest) cells[place] = await cellOf(url, accounts, one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return cells;
}

async function cellOf(url: string, { own, other, tokens }: TwoAccounts, one: Case): Promise<Cell> {
  const { operation, request, caller, twin, passes } = one;
  const key = passes ? unreadableKey : undefined;
  const answer = await ask(url, tokens[caller], operation, request, key);
  const twinAnswer: Answer | undefined = twin && (await ask(url, tokens[caller], operation, twin, key));
  const isStranger = isOutsider(caller);
  const sent: Ids = isStranger ? own : { ...own, ...pick(other, one.strange) };
  const missing: Ids = isStranger ? missingIds : { ...own, ...pick(missingIds, one.strange) };
  const faults = faultsOf(one, answer, {
    token: tokens[caller],
    hidden: isStranger ? own : other,
    sent,
    missing,
    twin: twinAnswer,
  });
  return { one, status: answer.status, faults };
}

const pick = (ids: Ids, names: readonly (keyof Ids)[]): Partial<Ids> =>
  Object.fromEntries(names.map((name) => [name, ids[name]]));
