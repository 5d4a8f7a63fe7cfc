import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The environment variable that every process of a test run inherits. */
export const runVariable = 'RUNOS_TEST_RUN';

/** Processes that received a signal a moment ago may still be ending, ms. */
const graceMs = 3_000;

export interface OrphanProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes of this run that are still running. Linux only; none is found elsewhere. */
export async function findOrphans(run: string, until = performance.now() + graceMs): Promise<OrphanProcess[]> {
  const found = existsSync('/proc/self/environ') ? processesWith(`${runVariable}=${run}`) : [];
  if (found.length === 0 || performance.now() > until) return found;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return findOrphans(run, until);
}

const processesWith = (assignment: string): OrphanProcess[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).split('\0').includes(assignment))
    .map((pid) => ({ pid: Number(pid), command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // ended meanwhile, or another user's
  }
}
