import { Injectable } from '@nestjs/common';
import { InjectConfig, InjectLogger } from '@runos/messaging';
import type { Logger } from '@runos/observability';
import type { AgentGatewayConfig } from '../config.js';
import { AgentConnectionReporter } from './agent-connection-reporter.js';
import { AgentRepository } from './agent-repository.js';

const minDelayMs = 10;
/** Delay of the next check if an agent is stale already, because its row was locked. */
const lockedDelayMs = 500;

/** Sets disconnected agents to not ready, one timer for all of them. */
@Injectable()
export class StaleAgentCheck {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** An agent has disconnected since the running check began, and that check may not have seen it. */
  #isOutdated = false;
  #isStopped = false;
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

  /**
   * Checks at once, and again whenever the next disconnected agent becomes stale. The check that was planned before is
   * replaced: it was set for another agent, which may become stale later than one that has disconnected since.
   */
  schedule(): void {
    if (this.#running === undefined) this.#checkIn(0);
    else this.#isOutdated = true;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #checkIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    const delayMs = Math.max(ms, this.#notBefore - performance.now());
    this.#timer = setTimeout(() => {
      this.#running = this.#check().then((nextMs) => {
        this.#running = undefined;
        if (this.#isOutdated) this.#checkIn(0);
        else if (nextMs !== undefined)
          this.#checkIn(nextMs < 0 ? lockedDelayMs : Math.max(minDelayMs, Math.ceil(nextMs)));
      });
    }, delayMs);
  }

  /** Milliseconds until the next check; undefined when there is no agent to check, or this one failed. */
  async #check(): Promise<number | undefined> {
    const { staleAfterMs } = this.config;
    this.#isOutdated = false;
    try {
      this.reporter.report(await this.agents.expireDisconnected(staleAfterMs));
      return await this.agents.nextExpiryMs(staleAfterMs);
    } catch (error) {
      this.logger.warn({ err: error }, 'check of stale agents failed; the next maintenance repeats it');
      return undefined;
    }
  }
}
