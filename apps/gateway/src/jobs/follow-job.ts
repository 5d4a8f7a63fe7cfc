import { type Job, jobStateMachine, type JobLog, type WorkItem } from '@runos/api';
import { type Clock, faultOf } from '@runos/kernel';
import type { Watch } from './job-wakes.js';
import { cursorOf, digestOf, type Seen } from './stream-cursor.js';

/** Reads one job as its follower may see it. */
export interface JobReader {
  job(): Promise<Job>;
  workItems(): Promise<readonly WorkItem[]>;
  /** One page of a step's log; an empty one when there is no more. */
  logs(workItemId: string, after: string | undefined): Promise<readonly JobLog[]>;
}

export interface Following {
  readonly reader: JobReader;
  readonly watch: Watch;
  readonly clock: Clock;
  /** What the client has seen already; moves on with every event. */
  readonly seen: Seen;
  readonly signal: AbortSignal;
}

/** How often a comment shows both ends that the other is there; also how often the job is read without being woken, ms. */
export const commentEveryMs = 15_000;

export const hasEnded = ({ status }: Job): boolean => jobStateMachine.ends(status);

/**
 * A job as server-sent events (`job`, `workitem`, `log`), each with a cursor as its id: first what is, then what
 * changes. Ends after the `job` that says how it ended, or when the signal aborts.
 */
export async function* followJob(following: Following): AsyncGenerator<string> {
  const { reader, watch, clock, signal } = following;
  const read = new Set<string>();
  let commentAt = clock.now().getTime() + commentEveryMs;
  while (!signal.aborted) {
    try {
      if (yield* changes(reader, following.seen, read)) return;
    } catch (error) {
      if (faultOf(error)?.code !== 'unavailable') throw error;
      yield ': the job cannot be read at the moment\n\n';
    }
    if (clock.now().getTime() >= commentAt) {
      yield ': still following\n\n';
      commentAt = clock.now().getTime() + commentEveryMs;
    }
    await watch.wait(commentAt - clock.now().getTime(), signal);
  }
}

/** What differs from what was seen; true when the job has ended and all of it was told. */
async function* changes(reader: JobReader, seen: Seen, read: Set<string>): AsyncGenerator<string, boolean> {
  // Read before its steps: once it has ended, theirs and their logs are complete.
  const job = await reader.job();
  const ended = hasEnded(job);
  if (!ended) yield* jobEvent(job, seen);
  for (const item of await reader.workItems()) {
    const step = (seen.steps[item.stepNumber] ??= {});
    if (step.item !== digestOf(item)) {
      step.item = digestOf(item);
      yield eventOf('workitem', item, seen);
    }
    // A line that came late to a step that had ended is told at the end at the latest.
    if (item.status === 'pending' || (!ended && read.has(item.id))) continue;
    yield* logEvents(reader, item, seen);
    if (jobStateMachine.ends(item.status)) read.add(item.id);
  }
  if (ended) yield* jobEvent(job, seen);
  return ended;
}

function* jobEvent(job: Job, seen: Seen): Generator<string> {
  if (seen.job === digestOf(job)) return;
  seen.job = digestOf(job);
  yield eventOf('job', job, seen);
}

async function* logEvents(reader: JobReader, { id, stepNumber }: WorkItem, seen: Seen): AsyncGenerator<string> {
  const step = (seen.steps[stepNumber] ??= {});
  for (;;) {
    const logs = await reader.logs(id, step.after);
    if (logs.length === 0) return;
    for (const log of logs) {
      step.after = log.id;
      yield eventOf('log', log, seen);
    }
  }
}

const eventOf = (name: string, data: unknown, seen: Seen): string =>
  `event: ${name}\nid: ${cursorOf(seen)}\ndata: ${JSON.stringify(data)}\n\n`;
