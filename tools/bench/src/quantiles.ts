import type { PlaneClient } from '@runos/tool-e2e';

/** The q-th quantile (0 to 1) of some figures, by nearest rank; NaN without figures. */
export function quantile(figures: readonly number[], q: number): number {
  const sorted = [...figures].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

export interface Row {
  readonly what: string;
  readonly figures: readonly number[];
  /** The reference row. */
  readonly baseline?: readonly number[];
}

/** Rows of milliseconds as a table for a terminal: count, p50, p95, maximum, and the ratio of p50 to the reference. */
export function table(rows: readonly Row[]): string {
  const cells = rows.map(({ what, figures, baseline }) => [
    what,
    String(figures.length),
    ...[quantile(figures, 0.5), quantile(figures, 0.95), Math.max(...figures)].map((ms) => ms.toFixed(1)),
    baseline ? `${(quantile(figures, 0.5) / quantile(baseline, 0.5)).toFixed(2)} x` : '',
  ]);
  return columns([['', 'n', 'p50 ms', 'p95 ms', 'max ms', 'of baseline'], ...cells], 'right');
}

/** Lines of aligned cells: the first column to the left, the others to one side. */
export function columns(lines: readonly (readonly string[])[], side: 'left' | 'right'): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const print = (line: readonly string[]) =>
    line
      .map((cell, column) =>
        column === 0 || side === 'left' ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return `${lines.map(print).join('\n')}\n`;
}

interface Step {
  readonly name: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** The duration of each step of some jobs, ms. */
export async function stepDurations(planeClient: PlaneClient, jobs: readonly string[]): Promise<Row[]> {
  const byName = new Map<string, number[]>();
  for (const job of jobs) {
    const { body } = await planeClient.api.get(`/jobs/${job}/workitems`);
    for (const { name, startedAt, completedAt } of body['workItems'] as Step[]) {
      if (startedAt === null || completedAt === null) continue;
      byName.set(name, [...(byName.get(name) ?? []), Date.parse(completedAt) - Date.parse(startedAt)]);
    }
  }
  return [...byName].map(([what, figures]) => ({ what, figures }));
}
