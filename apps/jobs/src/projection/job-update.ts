import type { JobLog } from '@runos/api';
import type { JobProgress } from '@runos/contracts';

/** The updates of one job that arrived together: its latest state and all log lines. */
export interface JobUpdate {
  readonly latest: JobProgress;
  /** The first gapless run of sequence numbers: a projection complete to `from - 1` is complete to `to` afterwards. */
  readonly from: number;
  readonly to: number;
  readonly logs: readonly JobLog[];
}

/** Groups updates by job. They may arrive in any order and more than once. */
export function mergeUpdates(received: readonly JobProgress[]): JobUpdate[] {
  const byJob = new Map<string, JobProgress[]>();
  for (const progress of received) byJob.set(progress.job.id, [...(byJob.get(progress.job.id) ?? []), progress]);
  return [...byJob.values()].map(mergeOne);
}

/** A job read from the reconciler: it has no gap. */
export const completeUpdate = (progress: JobProgress): JobUpdate => ({
  latest: progress,
  from: 1,
  to: progress.seq,
  logs: progress.logs,
});

/** @throws Error for an empty list */
function mergeOne(received: readonly JobProgress[]): JobUpdate {
  const inOrder = received.toSorted((a, b) => a.seq - b.seq);
  const [first] = inOrder;
  const latest = inOrder.at(-1);
  if (first === undefined || latest === undefined) throw new Error('an update needs at least one message');
  const from = first.seq;
  const to = inOrder.reduce((reached, { seq }) => (seq === reached + 1 ? seq : reached), from);
  return { latest, from, to, logs: inOrder.flatMap(({ logs }) => logs) };
}
