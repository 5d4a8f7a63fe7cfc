import {
  type CLOSE_LOGS,
  type LogEntry,
  type LogQuery,
  type OPEN_LOGS,
  type READ_LOGS,
  type ReadInputOf,
  type ReplyOf,
} from '@runos/agent-protocol';
import type { InstructionHandlers } from '@runos/agent-session';
import type { Clock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import { LogReading } from './log-reading.js';
import type { PodLogs } from './pod-logs.js';
import { readLogs } from './read-logs.js';

export interface LogReadingsOptions {
  /** The logs of the pods of an instance. */
  readonly logsOf: (osid: string) => PodLogs;
  /** Whether this agent manages the instance: it reads no other namespace. */
  readonly manages: (osid: string) => boolean;
  /** Whether the instance is being removed, or is removed. */
  readonly isRemoved: (osid: string) => boolean;
  /** The maximum of open logs. */
  readonly max: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An open log that is not read for this long is closed: its reader is gone, ms. Longer than a client may pause. */
const idleMs = 90_000;

interface OpenLog {
  readonly reading: LogReading;
  idle: AbortController;
}

/** The logs that the plane has opened by OPEN_LOGS. */
export class LogReadings {
  readonly #open = new Map<string, OpenLog>();

  constructor(private readonly options: LogReadingsOptions) {}

  readonly handlers: InstructionHandlers = {
    OPEN_LOGS: (input) => Promise.resolve(this.#openLog(input)),
    READ_LOGS: (input) => this.#read(input),
    CLOSE_LOGS: (input) => Promise.resolve(this.#close(input)),
  };

  /** The stream to the plane has closed: all readers are gone. */
  closeAll(): void {
    for (const id of [...this.#open.keys()]) this.#close({ id });
  }

  #openLog({ id, query }: ReadInputOf<typeof OPEN_LOGS>): ReplyOf<typeof OPEN_LOGS> {
    const { max, clock, logger } = this.options;
    if (this.#open.has(id)) return { opened: true };
    if (this.#open.size >= max) return { opened: false, limit: max };
    const reading = new LogReading(clock);
    this.#open.set(id, { reading, idle: new AbortController() });
    this.#restartIdleTime(id);
    const { osid } = query;
    void reading.fill(this.#entries(query, reading), (err) => logger.error({ err, osid }, 'reading logs failed'));
    return { opened: true };
  }

  #entries(query: LogQuery, reading: LogReading): AsyncGenerator<LogEntry[]> {
    const { logsOf, manages, isRemoved, clock } = this.options;
    const { signal } = reading;
    const pods = logsOf(query.osid);
    const logs: PodLogs = {
      // An instance whose bundle has not arrived has no pods yet.
      containers: (listing) => (manages(query.osid) ? pods.containers(listing) : Promise.resolve([])),
      lines: (...selection) => pods.lines(...selection),
    };
    const onTruncated = () => reading.setTruncated();
    return readLogs({ logs, query, clock, signal, isRemoved: () => isRemoved(query.osid), onTruncated });
  }

  async #read({ id, number }: ReadInputOf<typeof READ_LOGS>): Promise<ReplyOf<typeof READ_LOGS>> {
    const reading = this.#open.get(id)?.reading;
    if (reading === undefined) return { entries: [], ended: true, truncated: false };
    this.#restartIdleTime(id);
    const reply = await reading.read(number);
    if (reply.ended) this.#close({ id });
    return reply;
  }

  #close({ id }: ReadInputOf<typeof CLOSE_LOGS>): ReplyOf<typeof CLOSE_LOGS> {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.idle.abort();
    open?.reading.close();
    return {};
  }

  #restartIdleTime(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    // Without a reason, each abort creates an error with its stack.
    open.idle.abort('read');
    const idle = (open.idle = new AbortController());
    void this.options.clock.sleep(idleMs, idle.signal).then(() => {
      if (!idle.signal.aborted) this.#close({ id });
    });
  }
}
