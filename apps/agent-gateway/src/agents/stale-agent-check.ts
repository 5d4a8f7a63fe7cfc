import { Injectable } from '@nestjs/common';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { AgentGatewayConfig } from '../config.js';
import { AgentConnectionReporter } from './agent-connection-reporter.js';
import { AgentRepository } from './agent-repository.js';

const minDelayMs = 10;

/** Sets disconnected agents to not ready, one timer for all of them. */
@Injectable()
export class StaleAgentCheck {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #notBefore: number;

  constructor(
    private readonly agents: AgentRepository,
    private readonly reporter: AgentConnectionReporter,
    @InjectConfig() private readonly config: AgentGatewayConfig,
    @InjectLogger() private readonly logger: Logger,
  ) {
    // Agents of the previous process get a full period to reconnect.
    this.#notBefore = performance.now() + config.staleAfterMs;
  }

  /** Checks soon, and again whenever the next disconnected agent becomes stale. */
  schedule(): void {
    if (this.#timer === undefined && !this.#stopped) this.#checkIn(0);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #checkIn(ms: number): void {
    const delayMs = Math.max(ms, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => (this.#running = this.#check()), delayMs);
  }

  async #check(): Promise<void> {
    const { staleAfterMs } = this.config;
    try {
      this.reporter.report(await this.agents.expireDisconnected(staleAfterMs));
      const nextMs = await this.agents.nextExpiryMs(staleAfterMs);
      this.#timer = undefined;
      if (nextMs !== undefined && !this.#stopped) this.#checkIn(Math.max(minDelayMs, Math.ceil(nextMs)));
    } catch (error) {
      this.#timer = undefined; // session maintenance schedules the next check
      this.logger.warn({ err: error }, 'check of stale agents failed; the next maintenance repeats it');
    }
  }
}
