import type { Backoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { inSpan, type Logger, withoutTrace, SpanKind, traceOf } from '@runos/observability';
import type { LiveStream } from '../stream/live-stream.js';
import type { Message, Outbox } from './outbox.js';

/** How many posted messages wait for their acknowledgement at a time. */
const maxInFlight = 32;

/** Carries the outbox's messages over whatever stream there is, until each is acknowledged. */
export class Postman {
  readonly #deliveries = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #failures = new Map<string, number>();
  #stream: LiveStream | undefined;

  constructor(
    private readonly outbox: Outbox,
    private readonly backoff: Backoff,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get size(): number {
    return this.outbox.size;
  }

  post(message: Message): void {
    this.outbox.put(message);
    this.#deliver();
  }

  online(stream: LiveStream): void {
    this.#stream = stream;
    this.#failures.clear();
    this.#deliver();
  }

  offline(): void {
    this.#stream = undefined;
  }

  async stop(): Promise<void> {
    this.#stream = undefined;
    this.#stopping.abort();
    await Promise.all(this.#deliveries);
  }

  #deliver(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    for (const message of this.outbox.take(maxInFlight - this.#deliveries.size)) {
      const delivery = this.#carry(stream, message).finally(() => {
        this.#deliveries.delete(delivery);
        this.#deliver();
      });
      this.#deliveries.add(delivery);
    }
  }

  async #carry(stream: LiveStream, message: Message): Promise<void> {
    try {
      await asPartOf(message, () => stream.ask(message.report, message.body));
      this.outbox.confirm(message);
      this.#failures.delete(message.about);
      message.acknowledged?.();
    } catch (error) {
      // Without a stream there is nothing to wait for: the next one asks at once.
      if (!stream.over.aborted) await this.#rest(message, error, stream.over);
      this.outbox.failed(message);
    }
  }

  async #rest(message: Message, error: unknown, over: AbortSignal): Promise<void> {
    const failures = (this.#failures.get(message.about) ?? 0) + 1;
    this.#failures.set(message.about, failures);
    this.logger.warn({ err: error, about: message.about, failures }, `${message.report.type} was not acknowledged`);
    await this.clock.sleep(this.backoff(failures), over);
  }
}

/** Whoever happens to set a delivery off, a message belongs to its own trace, or to none. */
const asPartOf = <T>({ report, trace }: Message, work: () => Promise<T>): Promise<T> =>
  trace === undefined
    ? withoutTrace(work)
    : inSpan(`tell ${report.type}`, { kind: SpanKind.CLIENT, parent: traceOf(trace) }, work);
