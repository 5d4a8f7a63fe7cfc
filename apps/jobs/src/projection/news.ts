import type { JobLog } from '@runos/api';
import type { JobProgress } from '@runos/contracts';

/** What was heard of one job at once: how it stands by the latest of it, and every log line. */
export interface News {
  readonly latest: JobProgress;
  /** The first unbroken run of news in it: what is known up to `from - 1` is known up to `to` afterwards. */
  readonly from: number;
  readonly to: number;
  readonly logs: readonly JobLog[];
}

/** News by job out of whatever arrived, in whatever order and however often. */
export function newsOf(heard: readonly JobProgress[]): News[] {
  const byJob = new Map<string, JobProgress[]>();
  for (const progress of heard) byJob.set(progress.job.id, [...(byJob.get(progress.job.id) ?? []), progress]);
  return [...byJob.values()].map(ofOneJob);
}

/** A job read from its owner: nothing about it is missing. */
export const wholeNews = (progress: JobProgress): News => ({
  latest: progress,
  from: 1,
  to: progress.seq,
  logs: progress.logs,
});

function ofOneJob(heard: readonly JobProgress[]): News {
  const inOrder = heard.toSorted((a, b) => a.seq - b.seq);
  const from = inOrder[0].seq;
  const to = inOrder.reduce((reached, { seq }) => (seq === reached + 1 ? seq : reached), from);
  return { latest: inOrder[inOrder.length - 1], from, to, logs: inOrder.flatMap(({ logs }) => logs) };
}
