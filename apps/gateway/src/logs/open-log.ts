import { agentGateway, type OutputOf } from '@runos/contracts';
import type { Bus } from '@runos/messaging';
import type { z } from 'zod';
import type { AccountContext } from '../operation/call-context.js';

type Open = z.input<typeof agentGateway.openLogs.input>;
/** The entries that the agent has read next. */
export type LogChunk = OutputOf<typeof agentGateway.readLogs>;

/** A log that a cluster agent reads for one client. It holds the next chunk until that is requested. */
export class OpenLog {
  #hasEnded = false;

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
    const chunk = await this.bus.request(agentGateway.readLogs, this.log, this.account);
    this.#hasEnded = chunk.ended;
    return chunk;
  }

  /** Without this, the agent closes it by itself after a while. One that has ended is closed already. */
  async close(): Promise<void> {
    if (this.#hasEnded) return;
    await this.bus.request(agentGateway.closeLogs, this.log, this.account).catch(() => undefined);
  }
}
