import { parseArgs } from 'node:util';
import { serviceNames } from '@runos/contracts';
import type { PlaneInfo } from '@runos/tool-e2e';
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
  return columns([['', 'goal', 'figure', 'baseline', 'met'], ...rows], 'left');
}

/** A benchmark's numbers, each of which `--name N` overrides. */
export function numbersOf<Name extends string>(
  args: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const own = Object.entries<number>(defaults);
  const options = Object.fromEntries(own.map(([name]) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ args: [...args], options, strict: false });
  return Object.fromEntries(own.map(([name, number]) => [name, Number(values[name] ?? number)])) as Record<
    Name,
    number
  >;
}

/** The running services of a plane, by name. */
export const servicePids = ({ pids }: PlaneInfo): readonly (readonly [string, number])[] =>
  Object.entries(pids).filter(([name]) => (serviceNames as readonly string[]).includes(name));
