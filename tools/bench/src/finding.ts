import { columns } from './quantiles.js';

/** One figure beside what it should be; nothing fails by it. */
export interface Finding {
  readonly what: string;
  readonly goal: string;
  readonly figure: string;
  /** What it was measured against, in the same run; empty where there is nothing. */
  readonly yardstick: string;
  readonly met: boolean;
}

export type Bench = (args: readonly string[]) => Promise<readonly Finding[]>;

/** Findings as a table for a terminal. */
export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, goal, figure, yardstick, met }) => [
    what,
    goal,
    figure,
    yardstick,
    met ? 'yes' : 'no',
  ]);
  return columns([['', 'goal', 'figure', 'yardstick', 'met'], ...rows], 'left');
}
