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
const maxReadings = 8;

/** A chunk that waits longer for the client was requested too early, ms. Chunks arrive in bursts on a loaded machine. */
const heldMs = 1_000;

/** A chunk of this length is one of a busy log. An agent with little processor time fills none to its limit. */
const busyLength = maxLogReplyLength / 8;

/** A chunk that is requested. */
interface Reading {
  readonly chunk: Promise<LogChunk>;
  /** Of its arrival, ms. Undefined before. */
  arrivedAt?: number;
}

/** A log that a cluster agent reads for one client. It holds the next chunks until they are requested. */
export class OpenLog {
  #hasEnded = false;
  /** The chunks that are requested or held. It grows while the client waits for a busy log, and shrinks for a slow client. */
  #window = 1;
  #number = 0;
  readonly #readings: Reading[] = [];

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
    while (this.#readings.length < this.#window) this.#request();
    const reading = this.#readings.shift() as Reading;
    const { arrivedAt } = reading;
    const chunk = await reading.chunk;
    this.#hasEnded = chunk.ended;
    this.#window = isBusy(chunk) ? this.#windowAfter(arrivedAt) : 1;
    return chunk;
  }

  #windowAfter(arrivedAt: number | undefined): number {
    if (arrivedAt === undefined) return Math.min(maxReadings, this.#window * 2);
    return performance.now() - arrivedAt > heldMs ? Math.max(1, this.#window - 1) : this.#window;
  }

  #request(): void {
    this.#number += 1;
    const chunk = this.bus.request(agentGateway.readLogs, { ...this.log, number: this.#number }, this.account);
    const reading: Reading = { chunk };
    const arrive = () => (reading.arrivedAt = performance.now());
    chunk.then(arrive, arrive); // an error is thrown to the caller that awaits it
    this.#readings.push(reading);
  }

  /** Without this, the agent closes it by itself after a while. One that has ended is closed already. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    await this.bus.request(agentGateway.closeLogs, this.log, this.account).catch(() => undefined);
  }
}

const isBusy = ({ entries }: LogChunk): boolean =>
  entries.reduce((sum, { message }) => sum + message.length + logEntryOverhead, 0) >= busyLength;
