import { columns } from './quantiles.js';

/** One measured figure and its goal; missing a goal is not an error. */
export interface Finding {
  readonly what: string;
  readonly goal: string;
  readonly figure: string;
  /** The reference figure of the same run; empty when there is none. */
  readonly reference: string;
  readonly met: boolean;
}

export type Bench = (args: readonly string[]) => Promise<readonly Finding[]>;

/** Findings as a table for a terminal. */
export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, goal, figure, reference, met }) => [
    what,
    goal,
    figure,
    reference,
    met ? 'yes' : 'no',
  ]);
  return columns([['', 'goal', 'figure', 'yardstick', 'met'], ...rows], 'left');
}
