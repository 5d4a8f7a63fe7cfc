import { setTimeout as sleep } from 'node:timers/promises';
import { operations } from '@runos/api';
import type { Dev } from '@runos/tool-e2e';
import type pg from 'pg';
import { type Answer, ask } from './ask.js';
import { type Case, casesOf } from './cases.js';
import { type Ids, missingIds } from './ids.js';
import { faultsOf } from './judge.js';
import { changedTables, type Digests, tableDigests } from './table-digests.js';
import { makeTwoAccounts, type TwoAccounts } from './two-accounts.js';

export interface Cell {
  readonly one: Case;
  readonly status: number;
  readonly faults: readonly string[];
}

export interface Matrix {
  readonly cells: readonly Cell[];
  /** Requests sent, those about what does not exist among them. */
  readonly requests: number;
  /** Tables that are not as before after all that was refused, and after all that passed. */
  readonly changed: { readonly refused: readonly string[]; readonly passed: readonly string[] };
}

/** Requests under way at once. */
const atOnce = 8;

/** Every operation as every caller, against a plane that runs on `data`. */
export async function runMatrix(data: string, dev: Dev, sql: pg.Client): Promise<Matrix> {
  const accounts = await makeTwoAccounts(data, dev, sql);
  const cases = operations.flatMap((operation) => casesOf(operation, accounts.own, accounts.other));
  const before = await settled(sql);
  const refused = await askAll(
    dev.apiUrl,
    accounts,
    cases.filter(({ passes }) => !passes),
  );
  const between = await tableDigests(sql);
  const passed = await askAll(
    dev.apiUrl,
    accounts,
    cases.filter(({ passes }) => passes),
  );
  const after = await tableDigests(sql);
  return {
    cells: [...refused, ...passed],
    requests: cases.length + cases.filter(({ twin }) => twin).length,
    changed: { refused: changedTables(before, between), passed: changedTables(between, after) },
  };
}

/** What making the accounts left to do is done when nothing has changed for a while. */
async function settled(sql: pg.Client): Promise<Digests> {
  for (let last = await tableDigests(sql); ;) {
    await sleep(1_000);
    const now = await tableDigests(sql);
    if (changedTables(last, now).length === 0) return now;
    last = now;
  }
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
  const answer = await ask(url, tokens[caller], operation, request, passes);
  const twinAnswer: Answer | undefined = twin && (await ask(url, tokens[caller], operation, twin, passes));
  const isStranger = caller === 'stranger';
  const sent: Ids = isStranger ? own : { ...own, ...pick(other, one.strange) };
  const missing: Ids = isStranger ? missingIds : { ...own, ...pick(missingIds, one.strange) };
  const faults = faultsOf(one, answer, { hidden: isStranger ? own : other, sent, missing, twin: twinAnswer });
  return { one, status: answer.status, faults };
}

const pick = (ids: Ids, names: readonly (keyof Ids)[]): Partial<Ids> =>
  Object.fromEntries(names.map((name) => [name, ids[name]]));
