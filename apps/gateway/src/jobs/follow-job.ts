import { type Job, type JobLog, jobStateMachine, type WorkItem } from '@runos/api';
import { type Clock, faultOf } from '@runos/kernel';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JobFollower } from './job-notifications.js';

/** What a follower has received: a digest of the job and of each step, and the last log line of each step. */
const StreamCursor = z.object({
  job: z.string().optional(),
  steps: z.record(z.string(), z.object({ item: z.string().optional(), after: z.string().max(64).optional() })),
});
export type StreamCursor = z.infer<typeof StreamCursor>;

/** Characters; five steps fit into one header, and two states are still distinguished. */
const digestLength = 10;

/** A short digest of a job's or a step's state, by which a change is recognized. */
export const stateDigest = (body: unknown): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, digestLength);

/** The cursor as the `id` of an event. */
const encodeCursor = (cursor: StreamCursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** Parses `Last-Event-ID`. An invalid cursor starts from the beginning, because its client would only repeat it. */
export function parseCursor(cursor: string | undefined): StreamCursor {
  try {
    return StreamCursor.parse(JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()));
  } catch {
    return { steps: {} };
  }
}

/** Reads one job with the rights of its follower. */
export interface FollowedJobReader {
  job(): Promise<Job>;
  workItems(): Promise<readonly WorkItem[]>;
  /** One page of a step's log; empty at its end. */
  logs(workItemId: string, after: string | undefined): Promise<readonly JobLog[]>;
}

export interface FollowOptions {
  readonly reader: FollowedJobReader;
  readonly follower: JobFollower;
  readonly clock: Clock;
  /** What the client has received; advances with every event. */
  readonly sent: StreamCursor;
  /** Ends the stream: nothing is sent after it aborts. */
  readonly signal: AbortSignal;
  /** Authenticates the caller again; false ends the stream. */
  readonly isAuthorized: () => Promise<boolean>;
}

/** Interval of keep-alive comments, and of the authentication and the read that need no event, ms. */
const keepAliveIntervalMs = 15_000;

export const hasEnded = ({ status }: Job): boolean => jobStateMachine.ends(status);

/**
 * A job as server-sent events (`job`, `workitem`, `log`), each with a cursor as its id: first the current state, then
 * every change. Ends after the `job` event with the outcome and when the signal aborts. Ends also when the caller is
 * not authorized at the start or at a keep-alive.
 */
export async function* followJob(options: FollowOptions): AsyncGenerator<string> {
  const { reader, follower, clock, sent, signal, isAuthorized } = options;
  const completed = new Set<string>();
  // Also at the start: the event of a revocation may have come between the authentication and the subscription to events.
  if (!(await isAuthorized())) return;
  let nextKeepAliveAt = clock.monotonicMs() + keepAliveIntervalMs;
  while (!signal.aborted) {
    const keepAlive = clock.monotonicMs() >= nextKeepAliveAt;
    if (keepAlive && !(await isAuthorized())) return;
    try {
      if (yield* untilAborted(signal, changes(reader, sent, completed))) return;
    } catch (error) {
      if (faultOf(error)?.code !== 'unavailable') throw error;
      yield ': the job is temporarily unavailable\n\n';
    }
    if (keepAlive) {
      yield ': keep-alive\n\n';
      nextKeepAliveAt = clock.monotonicMs() + keepAliveIntervalMs;
    }
    await follower.wait(nextKeepAliveAt - clock.monotonicMs(), signal);
  }
}

/** Forwards events, and drops the one that was read when the signal aborted. True when nothing may follow. */
async function* untilAborted(
  signal: AbortSignal,
  events: AsyncGenerator<string, boolean>,
): AsyncGenerator<string, boolean> {
  for (;;) {
    const next = await events.next();
    if (signal.aborted) return true;
    if (next.done) return next.value;
    yield next.value;
  }
}

/** The events for what changed since `sent`; true when the job has ended and everything was sent. */
async function* changes(
  reader: FollowedJobReader,
  sent: StreamCursor,
  completed: Set<string>,
): AsyncGenerator<string, boolean> {
  // The job is read before its steps: when it has ended, its steps and logs are complete.
  const job = await reader.job();
  const ended = hasEnded(job);
  if (!ended) yield* jobEvent(job, sent);
  for (const item of await reader.workItems()) {
    const step = (sent.steps[item.stepNumber] ??= {});
    if (step.item !== stateDigest(item)) {
      step.item = stateDigest(item);
      yield eventOf('workitem', item, sent);
    }
    // A log line that arrives after its step has ended is sent when the job ends.
    if (item.status === 'pending' || (!ended && completed.has(item.id))) continue;
    yield* logEvents(reader, item, sent);
    if (jobStateMachine.ends(item.status)) completed.add(item.id);
  }
  if (ended) yield* jobEvent(job, sent);
  return ended;
}

function* jobEvent(job: Job, sent: StreamCursor): Generator<string> {
  if (sent.job === stateDigest(job)) return;
  sent.job = stateDigest(job);
  yield eventOf('job', job, sent);
}

async function* logEvents(
  reader: FollowedJobReader,
  { id, stepNumber }: WorkItem,
  sent: StreamCursor,
): AsyncGenerator<string> {
  const step = (sent.steps[stepNumber] ??= {});
  for (;;) {
    const logs = await reader.logs(id, step.after);
    if (logs.length === 0) return;
    for (const log of logs) {
      step.after = log.id;
      yield eventOf('log', log, sent);
    }
  }
}

const eventOf = (name: string, data: unknown, sent: StreamCursor): string =>
  `event: ${name}\nid: ${encodeCursor(sent)}\ndata: ${JSON.stringify(data)}\n\n`;
