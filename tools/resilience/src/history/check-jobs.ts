import { byEpoch, epochOf, mayBeLost } from './epochs.js';
import { hasMore, isJobList, type JobHistory, jobsIn, type StatusRead } from './job-history.js';
import { contradictions, type Read, regressions } from './ordered-reads.js';
import type { RecordedHistory, Restore } from './recorded-history.js';
import type { Violation } from './violation.js';

const openStatuses: readonly string[] = ['pending', 'running'];
export const hasEnded = (status: string): boolean => !openStatuses.includes(status);
const rankOf = ({ status }: { readonly status: string }): number =>
  hasEnded(status) ? 2 : openStatuses.indexOf(status);

/** The contradictions between the reads of each job. */
export function checkJobs(history: RecordedHistory, jobs: readonly JobHistory[]): Violation[] {
  const truth = history.restores.filter(({ database }) => database === 'reconciler');
  return [
    ...jobs.flatMap((job) => [
      ...checkFound(job, truth),
      ...checkStatuses(job.id, 'job', job.reads, history.restores, truth),
      ...[...job.workItems.values()].flatMap((reads) => [
        ...checkStatuses(job.id, 'work item', reads, history.restores, truth),
        ...checkItemEnds(job, reads, history.restores),
      ]),
      ...checkStreams(job, history.restores),
    ]),
    ...checkLists(history, jobs),
  ];
}

/** A job is found as soon as its id was received, while the projection lacks it as well. */
function* checkFound({ id, acknowledgement, reads, missing }: JobHistory, truth: readonly Restore[]) {
  const first = [acknowledgement, ...reads].filter((each) => each !== undefined).toSorted((a, b) => a.to - b.to)[0];
  if (first === undefined) return;
  for (const read of missing) {
    if (first.to > read.from || mayBeLost(first, read, truth)) continue;
    yield violation(
      id,
      'a known job was not found',
      { operation: 'operation' in first ? first.operation : first },
      read,
    );
  }
}

/** Pending, running, one end: in each epoch. The projection may go back by a restore, the end remains the same. */
function* checkStatuses(
  id: string,
  what: string,
  reads: readonly StatusRead[],
  restores: readonly Restore[],
  truth: readonly Restore[],
): Generator<Violation> {
  for (const epoch of byEpoch(reads, restores)) {
    for (const pair of regressions(epoch, rankOf)) yield violation(id, `a ${what} went back`, ...pair);
  }
  for (const epoch of byEpoch(reads, truth)) {
    const ends = epoch.filter(({ status }) => hasEnded(status));
    for (const pair of contradictions(
      ends,
      () => what,
      ({ body }) => body,
    ))
      yield violation(id, `a ${what} had two ends`, ...pair);
  }
}

/** The end of a job ends its work items: none is open in a read that started later. */
function* checkItemEnds(
  { id, reads }: JobHistory,
  items: readonly StatusRead[],
  restores: readonly Restore[],
): Generator<Violation> {
  const ends = reads.filter(({ status }) => hasEnded(status)).map((read) => ({ ...read, isEnd: true }));
  const open = items.filter(({ status }) => !hasEnded(status)).map((read) => ({ ...read, isEnd: false }));
  for (const epoch of byEpoch([...ends, ...open], restores)) {
    for (const pair of regressions(epoch, ({ isEnd }) => Number(isEnd)))
      yield violation(id, 'a job ended before its work item', ...pair);
  }
}

/** The statuses of one connection are in order, and its last event is the only end. */
function* checkStreams({ id, streams }: JobHistory, restores: readonly Restore[]): Generator<Violation> {
  const followerOf = ({ operation }: Read): string | undefined => operation.client.split(' at ')[0];
  for (const follower of new Set(streams.map(followerOf))) {
    const followed = streams.filter((stream) => followerOf(stream) === follower);
    const ends = followed.filter(({ statuses }) => statuses.some(hasEnded));
    if (ends.length > 1) yield violation(id, 'a resumed stream ended twice', ...ends);
    const covered = followed.find(({ operation }) => operation.status === 204);
    if (covered && ends.length === 0) yield violation(id, 'a stream ended without the end of its job', ...followed);
  }
  for (const stream of streams) {
    const { statuses } = stream;
    const end = statuses.findIndex(hasEnded);
    if (end >= 0 && end < statuses.length - 1)
      yield violation(id, 'a stream continued after the end of its job', stream);
    const isDuringRestore = restores.some(({ from, to }) => from < stream.to && stream.from < to);
    const ranks = statuses.map((status) => rankOf({ status }));
    if (!isDuringRestore && ranks.some((rank, n) => rank < (ranks[n - 1] ?? 0)))
      yield violation(id, 'a stream went back', stream);
  }
}

/** A job that was read is in every later list that reaches back to it. Ids are in the order of creation. */
function* checkLists({ operations, restores }: RecordedHistory, jobs: readonly JobHistory[]): Generator<Violation> {
  const lists = operations
    .filter(isJobList)
    .map((operation) => ({ from: operation.from, to: operation.to, operation }));
  const reads = jobs.flatMap((job) => job.reads.map((read) => ({ ...read, id: job.id })));
  const readsOf = new Map(byEpoch(reads, restores).map((epoch) => [epochOf(epoch[0] as Read, restores), epoch]));
  for (const list of lists) {
    const shown = jobsIn(list.operation).map(({ id }) => id);
    const listed = new Set(shown);
    const oldest = hasMore(list.operation) ? (shown.at(-1) ?? '') : '';
    const epoch = epochOf(list, restores);
    const absent = (epoch === undefined ? [] : (readsOf.get(epoch) ?? [])).find(
      ({ id, to }) => to < list.from && id >= oldest && !listed.has(id),
    );
    if (absent) yield violation(absent.id, 'a list lacked a job that was read before', absent, list);
  }
}

const violation = (subject: string, rule: string, ...involved: readonly Pick<Read, 'operation'>[]): Violation => ({
  rule,
  subject: `job ${subject}`,
  operations: involved.map(({ operation }) => operation),
});
