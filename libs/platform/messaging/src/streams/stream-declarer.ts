import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConfig } from '@runos/config';
import { contracts, streamsUser } from '@runos/contracts';
import { systemClock } from '@runos/kernel';
import type { Logger } from '@runos/observability';
import { NatsConnector } from '../connection/nats-connector.js';
import { apiOptions } from '../events/delivery.js';
import { type Contracts, declareStreams, streamsExist } from './declare-streams.js';

export interface StreamDeclarerOptions {
  /** The connection of the user that may create streams. */
  readonly config: NatsConfig;
  readonly logger: Logger;
  /** Default: those of the control plane. */
  readonly contracts?: Contracts;
}

/** A stream that was deleted while NATS runs is created again after this time, ms. */
const checkMs = 2_000;
/** Delays before another attempt, ms; the last one repeats. */
const retryDelaysMs = [100, 250, 500, 1_000];

/**
 * Creates the streams and consumers of all services at every connection, because NATS may have lost its data. It
 * creates them again when a check finds one missing. Services may not create them, because a stream or a consumer can
 * make the server publish to any subject.
 */
export class StreamDeclarer {
  readonly #connector: NatsConnector;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #wakeUp = new AbortController();
  #isOutdated = true;
  #failure: string | undefined = 'not created yet';
  #created: () => void = () => undefined;

  /** Resolves when all streams and consumers exist for the first time. */
  readonly created = new Promise<void>((resolve) => {
    this.#created = resolve;
  });

  constructor(private readonly options: StreamDeclarerOptions) {
    const { config, logger } = options;
    this.#connector = new NatsConnector({ service: streamsUser, config, logger });
    this.#connector.onConnect(() => {
      this.#isOutdated = true;
      this.#wakeUp.abort();
    });
    this.#running = this.#run();
  }

  /** Why streams or consumers cannot be created; undefined while all exist. */
  get problem(): string | undefined {
    return this.#failure;
  }

  /** Closes the connection. Resolves when the current check has ended; streams and consumers stay. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wakeUp.abort();
    await this.#connector.stop();
    await this.#running;
  }

  async #run(): Promise<void> {
    const connection = await this.#connector.connection().catch(() => undefined); // rejects after `stop`
    if (connection === undefined) return;
    const manager = await jetstreamManager(connection, apiOptions);
    for (let failures = 0; !this.#stop.signal.aborted;) {
      this.#wakeUp = new AbortController();
      failures = (await this.#declare(manager, failures)) ? 0 : failures + 1;
      const delay = failures === 0 ? checkMs : retryDelaysMs[Math.min(failures, retryDelaysMs.length) - 1];
      if (!this.#stop.signal.aborted) await systemClock.sleep(delay ?? checkMs, this.#wakeUp.signal);
    }
  }

  /** Whether all streams and consumers exist. */
  async #declare(manager: JetStreamManager, failures: number): Promise<boolean> {
    const { logger, contracts: declared = contracts } = this.options;
    try {
      if (this.#isOutdated || !(await streamsExist(manager, declared))) {
        this.#isOutdated = false;
        await declareStreams(manager, declared);
        logger.info('streams and consumers are created');
      }
      this.#failure = undefined;
      this.#created();
      return true;
    } catch (error) {
      this.#isOutdated = true;
      this.#failure = error instanceof Error ? error.message : String(error);
      const level = failures === 3 && this.#connector.isUsable ? 'error' : 'debug';
      logger[level]({ err: error, failures: failures + 1 }, 'creating streams or consumers failed; retrying');
      return false;
    }
  }
}
