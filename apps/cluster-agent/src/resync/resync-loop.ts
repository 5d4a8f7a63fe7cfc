import { exponentialBackoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import type { Logger } from '@runos/observability';

/** The safety net for whatever was lost without anybody noticing. */
const everyMs = 3_600_000;

const backoff = exponentialBackoff({ firstMs: 1_000, maxMs: 60_000 });

/** Compares with the plane after every connection that is not in step, and once an hour while connected. */
export class ResyncLoop {
  #over = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly compare: () => Promise<void>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** A stream is up. `inSync`: the plane has said that both store the same. */
  connected(inSync: boolean): void {
    this.disconnected();
    const over = (this.#over = new AbortController());
    this.#running = this.#running.then(() => this.#loop(over.signal, inSync));
  }

  disconnected(): void {
    this.#over.abort();
  }

  async stop(): Promise<void> {
    this.disconnected();
    await this.#running;
  }

  async #loop(over: AbortSignal, inSync: boolean): Promise<void> {
    if (inSync) await this.clock.sleep(everyMs, over);
    for (let failures = 0; !over.aborted;) {
      try {
        await this.compare();
        failures = 0;
        await this.clock.sleep(everyMs, over);
      } catch (err) {
        if (over.aborted) return;
        failures += 1;
        this.logger.warn({ err, failures }, 'the comparison with the plane broke off; trying again');
        await this.clock.sleep(backoff(failures), over);
      }
    }
  }
}
