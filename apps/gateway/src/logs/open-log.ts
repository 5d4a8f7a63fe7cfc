import { agentGateway, logEntryOverhead, maxLogReplyLength, type OutputOf } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import type { z } from 'zod';
import type { AccountContext } from '../operation/call-context.js';

type Open = z.input<typeof agentGateway.openLogs.input>;
/** The entries that the agent has read next. */
export type LogChunk = OutputOf<typeof agentGateway.readLogs>;

/**
 * The readings on their way while a log is busy. One alone would transfer one chunk per round trip through all services,
 * and a round trip takes long on a loaded machine.
 */
const maxReadings = 4;

/** A chunk of this length is one of a busy log. An agent with little processor time fills none to its limit. */
const busyLength = maxLogReplyLength / 8;

/** A log that a cluster agent reads for one client. It holds the next chunks until they are requested. */
export class OpenLog {
  #hasEnded = false;
  #isBusy = false;
  #number = 0;
  readonly #readings: Promise<LogChunk>[] = [];

  private constructor(
    private readonly bus: Bus,
    private readonly log: Omit<Open, 'query'>,
    private readonly account: AccountContext,
  ) {}

  /** @throws Fault `limit.exceeded`, `unavailable` */
  static async open(bus: Bus, { query, ...log }: Open, account: AccountContext): Promise<OpenLog> {
    await bus.request(agentGateway.openLogs, { ...log, query }, account);
    return new OpenLog(bus, log, account);
  }

  /** The next entries; none after a few seconds. @throws Fault `unavailable` when the agent has disconnected */
  async read(): Promise<LogChunk> {
    const wanted = this.#isBusy ? maxReadings : 1;
    while (this.#readings.length < wanted) this.#request();
    const chunk = await (this.#readings.shift() as Promise<LogChunk>);
    this.#hasEnded = chunk.ended;
    this.#isBusy = chunk.entries.reduce((sum, { message }) => sum + message.length + logEntryOverhead, 0) >= busyLength;
    return chunk;
  }

  #request(): void {
    this.#number += 1;
    const reading = this.bus.request(agentGateway.readLogs, { ...this.log, number: this.#number }, this.account);
    reading.catch(() => undefined); // it is thrown to the caller that awaits it
    this.#readings.push(reading);
  }

  /** Without this, the agent closes it by itself after a while. One that has ended is closed already. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    await this.bus.request(agentGateway.closeLogs, this.log, this.account).catch(() => undefined);
  }
}
