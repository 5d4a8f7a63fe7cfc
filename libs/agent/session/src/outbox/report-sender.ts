import type { Backoff } from '@runos/engine';
import type { Clock } from '@runos/kernel';
import { inSpan, type Logger, SpanKind, traceOf, withoutTrace } from '@runos/observability';
import type { AgentStream } from '../stream/agent-stream.js';
import { type Message, Outbox } from './outbox.js';

/** The number of messages that wait for their acknowledgement at a time. */
const maxInFlight = 32;

/** Sends the messages of the outbox over the current stream until each is acknowledged. */
export class ReportSender {
  readonly #outbox = new Outbox();
  readonly #deliveries = new Set<Promise<void>>();
  readonly #failures = new Map<string, number>();
  #stream: AgentStream | undefined;

  constructor(
    private readonly backoff: Backoff,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** The number of resources with a message that is not acknowledged. */
  get size(): number {
    return this.#outbox.size;
  }

  /** Sends the message as soon as a stream is open, unless a newer one of its resource replaces it before. */
  post(message: Message): void {
    this.#outbox.put(message);
    this.#send();
  }

  /** Sends over this stream from now on. */
  connect(stream: AgentStream): void {
    this.#stream = stream;
    this.#failures.clear();
    this.#send();
  }

  /** Keeps all messages until the next `connect`. */
  disconnect(): void {
    this.#stream = undefined;
  }

  /** Sends no further message. Resolves when the open requests have ended, which they do with their stream. */
  async stop(): Promise<void> {
    this.#stream = undefined;
    await Promise.all(this.#deliveries);
  }

  #send(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    for (const message of this.#outbox.claim(maxInFlight - this.#deliveries.size)) {
      const delivery = this.#deliver(stream, message).finally(() => {
        this.#deliveries.delete(delivery);
        this.#send();
      });
      this.#deliveries.add(delivery);
    }
  }

  async #deliver(stream: AgentStream, message: Message): Promise<void> {
    try {
      await inTraceOf(message, () => stream.request(message.report, message.body));
      this.#outbox.acknowledge(message);
      this.#failures.delete(message.resource);
      message.acknowledged?.();
    } catch (error) {
      // The next stream sends the message at once, so only an error on an open stream backs off.
      if (!stream.closed.aborted) await this.#backOff(message, error, stream.closed);
      this.#outbox.requeue(message);
    }
  }

  async #backOff({ resource, report }: Message, error: unknown, closed: AbortSignal): Promise<void> {
    const failures = (this.#failures.get(resource) ?? 0) + 1;
    this.#failures.set(resource, failures);
    this.logger.warn({ err: error, resource, failures }, `${report.type} was not acknowledged`);
    await this.clock.sleep(this.backoff(failures), closed);
  }
}

/** A message belongs to its own trace or to none, not to the trace of the call that happens to start its delivery. */
const inTraceOf = <T>({ report, trace }: Message, send: () => Promise<T>): Promise<T> =>
  trace === undefined
    ? withoutTrace(send)
    : inSpan(`send ${report.type}`, { kind: SpanKind.CLIENT, parent: traceOf(trace) }, send);
