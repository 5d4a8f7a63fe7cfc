import { z } from 'zod';
import { instant, instruction, osid, text } from './message.js';

/** The agent reads logs of pods: it handles OPEN_LOGS, READ_LOGS and CLOSE_LOGS. */
export const logsCapability = 'logs/1';

/** Bytes of a log line that are kept, as kubelet splits the lines of containers. */
export const maxLogLineBytes = 16 * 1024;

/** A line of `maxLogLineBytes` with the remark that it was cut. A byte is at most one character. */
const maxMessageLength = maxLogLineBytes + 64;

/** The length at which a reply is full. Small, so that replies delay reports of the agent little. */
export const maxLogReplyLength = 128 * 1024;

/** The length of an entry without its message, for all limits. */
export const logEntryOverhead = 100;

/** The container name of an entry that is no log line, but the reason why there is none. */
export const diagnosticContainer = '<diagnostic>';

const logEntry = z.object({
  timestamp: instant,
  /** Empty for a diagnostic that concerns no pod. */
  podName: text(253),
  containerName: text(63),
  message: text(maxMessageLength),
});
export type LogEntry = z.output<typeof logEntry>;

/** A full reply may exceed its length by its last line. */
const logEntries = z
  .array(logEntry)
  .max(maxLogReplyLength / logEntryOverhead + 1)
  .refine((entries) => entries.reduce((sum, { message }) => sum + message.length, 0) <= 2 * maxLogReplyLength, {
    error: 'the messages of one reply are too long',
  });

/** What is read of the logs of one instance. */
export const logQuery = z.object({
  osid,
  /** The newest lines of all pods together. */
  tail: z.int().min(1),
  sinceSeconds: z.int().min(1).optional(),
  /** Only this pod. */
  pod: text(253).optional(),
  /** The logs of the containers before their last restart. */
  previous: z.boolean(),
  /** New lines follow until CLOSE_LOGS. */
  follow: z.boolean(),
});
export type LogQuery = z.output<typeof logQuery>;

/** Identifies an open log; the plane chooses it. */
const logId = z.uuid();

/**
 * The number of a reading of one log, from 1. Several may be on their way, also through several replicas, and the agent
 * replies in the order of their numbers. Absent: in the order of their arrival.
 */
export const readingNumber = z.int().min(1).optional();

/** `opened: false`: the agent reads `limit` logs already, which is its maximum. */
const opened = z.discriminatedUnion('opened', [
  z.object({ opened: z.literal(true) }),
  z.object({ opened: z.literal(false), limit: z.int().min(0) }),
]);

/** Starts to read the logs of an instance. Without a READ_LOGS for a while, the agent closes them by itself. */
export const OPEN_LOGS = instruction({
  type: 'OPEN_LOGS',
  input: z.object({ id: logId, query: logQuery }),
  reply: opened,
  deadlineMs: 3_000,
});

/** How long the agent may wait for an entry before it replies with none, ms. */
export const maxLogWaitMs = 2_000;

/** What a reply may take beside that wait, ms: an agent that follows many busy logs with little processor time is slow. */
const maxReplyMs = 4_000;

/**
 * The next entries, in the order of their timestamps, as soon as there are any. The agent reads no further in the logs
 * while its buffer is full, so the reader decides how fast they are read. `ended`: there are no more entries, or the agent
 * has no open log with this id.
 */
export const READ_LOGS = instruction({
  type: 'READ_LOGS',
  input: z.object({ id: logId, number: readingNumber }),
  reply: z.object({
    entries: logEntries,
    ended: z.boolean(),
    /** Older lines were left out, because the messages of all lines were too long. */
    truncated: z.boolean(),
  }),
  deadlineMs: maxLogWaitMs + maxReplyMs,
});

/** Stops reading. Without effect if there is no such open log. */
export const CLOSE_LOGS = instruction({
  type: 'CLOSE_LOGS',
  input: z.object({ id: logId }),
  reply: z.object({}),
  deadlineMs: 3_000,
});
