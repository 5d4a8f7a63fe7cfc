import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The variable that every process of a test run inherits, whoever started it. */
export const marker = 'RUNOS_TEST_RUN';

/** What was told to end a moment ago may still be at it, ms. */
const graceMs = 3_000;

export interface Leftover {
  readonly pid: number;
  readonly command: string;
}

/** Processes of this run that are still there. Linux only; elsewhere none is found. */
export async function leftovers(run: string, until = performance.now() + graceMs): Promise<Leftover[]> {
  const found = existsSync('/proc/self/environ') ? processesWith(`${marker}=${run}`) : [];
  if (found.length === 0 || performance.now() > until) return found;
  await new Promise((resolve) => setTimeout(resolve, 100));
  return leftovers(run, until);
}

const processesWith = (mark: string): Leftover[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map((pid) => ({ pid: Number(pid), command: textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() }));

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // ended meanwhile, or somebody else's
  }
}
