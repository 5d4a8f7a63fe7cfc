import { type Verdict } from './campaign.js';

/** Says what went wrong, or that nothing did, and lets the process end accordingly. */
export function tellVerdict(verdict: Verdict, say: (line: string) => void): void {
  for (const { at, what } of verdict.complaints) say(`complaint ${at} ${what}`);
  for (const promise of verdict.broken) say(`broken ${promise}`);
  const well = verdict.broken.length === 0 && verdict.complaints.length === 0;
  say(well ? `every promise was kept (${verdict.jobs} jobs)` : 'NOT every promise was kept');
  process.exitCode = well ? 0 : 1;
}
