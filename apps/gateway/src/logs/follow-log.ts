import { type Clock, faultOf } from '@runos/kernel';
import { lastEntry, type LogFormat } from './log-format.js';
import type { LogChunk } from './open-log.js';

export interface FollowLogOptions {
  readonly read: () => Promise<LogChunk>;
  readonly format: LogFormat;
  readonly clock: Clock;
  /** Ends the log: nothing is sent after it aborts. */
  readonly signal: AbortSignal;
  /** Authenticates the caller again; false ends the log. */
  readonly isAuthorized: () => Promise<boolean>;
  /** Whether the instance of the log is there, or that is not known now; false ends the log. Called after each chunk. */
  readonly exists: () => Promise<boolean>;
}

/** Interval of the authentication, and of what keeps the connection open, ms. */
const checkIntervalMs = 15_000;

/**
 * A log as text, chunk by chunk. The next chunk is requested when the client has taken the one before. Ends when the agent
 * has ended it, when the signal aborts, and when the caller is not authorized any more. Ends also when the instance is gone:
 * an agent of an earlier version does not end its log.
 */
export async function* followLog(options: FollowLogOptions): AsyncGenerator<string> {
  const { read, format, clock, signal, isAuthorized, exists } = options;
  // Also at the start: the event of a revocation may have come before this stream received events.
  if (!(await isAuthorized())) return;
  let checkAt = clock.monotonicMs() + checkIntervalMs;
  while (!signal.aborted) {
    const chunk = await untilAborted(signal, readOrReason(read, clock));
    if (chunk === undefined) return;
    if (chunk.entries.length > 0) yield chunk.entries.map(format.entry).join('');
    if (chunk.ended) return;
    if (!(await exists())) return;
    if (clock.monotonicMs() < checkAt) continue;
    if (!(await isAuthorized())) return;
    checkAt = clock.monotonicMs() + checkIntervalMs;
    if (format.keepAlive !== '') yield format.keepAlive;
  }
}

/** The client has a response already, so a fault becomes its last entry. */
async function readOrReason(read: FollowLogOptions['read'], clock: Clock): Promise<LogChunk> {
  try {
    return await read();
  } catch (error) {
    const fault = faultOf(error);
    if (fault === undefined) throw error;
    return { entries: [lastEntry(clock.now(), fault.message)], ended: true, truncated: false };
  }
}

/** Undefined when the signal aborts before. */
async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  const done = new AbortController();
  const aborted = new Promise<undefined>((resolve) =>
    signal.addEventListener('abort', () => resolve(undefined), { signal: done.signal }),
  );
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
  }
}
