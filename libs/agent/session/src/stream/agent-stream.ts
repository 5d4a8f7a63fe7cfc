import { randomUUID } from 'node:crypto';
import { type ClientDuplexStream, type ServiceError, status, type StatusObject } from '@grpc/grpc-js';
import {
  type Envelope,
  errorEnvelope,
  instructions,
  type InstructionType,
  type ReadInputOf,
  readInstruction,
  readReply,
  type RefusalCode,
  refusalCodeOf,
  replyEnvelope,
  type ReplyOf,
  type Report,
  reportEnvelope,
} from '@runos/agent-protocol';
import { type Clock, unavailable } from '@runos/kernel';
import { inSpan, type Logger, SpanKind, traceHeaders, traceOf } from '@runos/observability';

/** The handlers of an agent. An instruction without one gets an error reply. */
export type InstructionHandlers = {
  readonly [T in InstructionType]?: (
    input: ReadInputOf<(typeof instructions)[T]>,
  ) => Promise<ReplyOf<(typeof instructions)[T]>>;
};

/** Why a stream was closed. */
export interface StreamEnd {
  readonly problem: string;
  readonly refusal?: RefusalCode | 'unrecognised';
}

export interface AgentStreamOptions {
  readonly handlers: InstructionHandlers;
  readonly clock: Clock;
  readonly logger: Logger;
}

type OnReply = (reply: Envelope | undefined) => void;

/** Further concurrent instructions get an error reply; the plane repeats them. */
const maxConcurrentInstructions = 256;

/** A late reply must not get a reply itself. */
const replyType = /(^ERROR|^ACK|_ERROR|_RESPONSE)$/;

/** One stream: it matches replies to requests by their tag and passes instructions to their handlers. */
export class AgentStream {
  /** Resolves when the stream is closed. */
  readonly ended: Promise<StreamEnd>;
  readonly #pending = new Map<string, OnReply>();
  readonly #closing = new AbortController();
  #resolveEnded!: (end: StreamEnd) => void;
  #runningInstructions = 0;
  /** The time of the server when it answered first; undefined before, and from servers that name none. */
  serverTime: Date | undefined;

  constructor(
    private readonly stream: ClientDuplexStream<Envelope, Envelope>,
    private readonly options: AgentStreamOptions,
  ) {
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    stream.on('data', (envelope: Envelope) => this.#receive(envelope));
    stream.on('metadata', (headers) => {
      const time = new Date(String(headers.get('date')[0]));
      if (!Number.isNaN(time.getTime())) this.serverTime = time;
    });
    stream.on('error', ({ details, message, metadata }: ServiceError) =>
      this.#close({ problem: details || message, refusal: refusalCodeOf(metadata) }),
    );
    stream.on('status', ({ code, details, metadata }: StatusObject) =>
      this.#close({
        problem: code === status.OK ? 'the server ended the stream' : details,
        refusal: refusalCodeOf(metadata),
      }),
    );
  }

  /** Aborts when the stream is closed. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** @throws Fault `unavailable` when the stream closes or the reply is late; Error when the reply is an error */
  async request<R extends Report>(report: R, body: unknown, timeoutMs = report.deadlineMs): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(report, body, timeoutMs));
    if (!read.ok) throw new Error(`${report.type}: ${read.problem}`);
    return read.value;
  }

  /**
   * Sends a report and returns the reply unread: any reply proves that the connection works.
   * @throws Fault `unavailable` when the stream closes or the reply is late
   */
  async exchange(report: Report, body: unknown, timeoutMs: number): Promise<Envelope> {
    if (this.closed.aborted) throw unavailable(`${report.type} was not sent: the stream is closed`);
    const { traceparent } = traceHeaders();
    const envelope = { ...reportEnvelope(report, body as never, randomUUID()), traceparent };
    const reply = await this.#send(envelope, timeoutMs);
    if (reply !== undefined) return reply;
    throw unavailable(
      this.closed.aborted
        ? `the stream closed before the reply to ${report.type}`
        : `${report.type} had no reply within ${timeoutMs} ms`,
    );
  }

  /** Closes the stream from this side. */
  end(problem: string): void {
    this.#close({ problem });
    this.stream.cancel();
  }

  async #send(envelope: Envelope, timeoutMs: number): Promise<Envelope | undefined> {
    const timeout = new AbortController();
    const reply = new Promise<Envelope | undefined>((resolve) => this.#pending.set(envelope.tag, resolve));
    this.stream.write(envelope);
    try {
      return await Promise.race([reply, this.options.clock.sleep(timeoutMs, timeout.signal).then(() => undefined)]);
    } finally {
      timeout.abort();
      this.#pending.delete(envelope.tag);
    }
  }

  #receive(envelope: Envelope): void {
    const onReply = this.#pending.get(envelope.tag);
    if (onReply !== undefined) return onReply(envelope);
    if (!replyType.test(envelope.type)) void this.#handle(envelope);
  }

  async #handle(envelope: Envelope): Promise<void> {
    const { type, tag } = envelope;
    const reply = await this.#replyTo(envelope).catch((error: unknown) => {
      this.options.logger.error({ err: error, type, tag }, 'instruction failed');
      return errorEnvelope(`Error processing ${type}: ${error instanceof Error ? error.message : String(error)}`, tag);
    });
    if (!this.closed.aborted) this.stream.write(reply);
  }

  async #replyTo(envelope: Envelope): Promise<Envelope> {
    const read = readInstruction(envelope);
    if (read.kind === 'invalid') throw new Error(read.problem);
    const handler = read.kind === 'instruction' ? this.options.handlers[read.type] : undefined;
    if (read.kind === 'unknown' || handler === undefined) {
      this.options.logger.warn({ type: read.type, tag: read.tag }, 'instruction type is unknown');
      return errorEnvelope(`No handler found for message type: ${read.type}`, read.tag);
    }
    if (this.#runningInstructions >= maxConcurrentInstructions)
      throw new Error(`${maxConcurrentInstructions} instructions are running already`);
    this.#runningInstructions += 1;
    try {
      // Handler and input have the same type, which the compiler cannot relate.
      const handle = () => (handler as (input: unknown) => Promise<never>)(read.input);
      const parent = traceOf(envelope.traceparent ? { traceparent: envelope.traceparent } : {});
      const reply = await inSpan(`handle ${read.type}`, { kind: SpanKind.SERVER, parent }, handle);
      return replyEnvelope(instructions[read.type], reply, read.tag);
    } finally {
      this.#runningInstructions -= 1;
    }
  }

  #close(end: StreamEnd): void {
    if (this.closed.aborted) return;
    this.#closing.abort();
    for (const onReply of [...this.#pending.values()]) onReply(undefined);
    this.#resolveEnded(end);
  }
}

/** How an agent reacts to a refusal. It never stops, because then a user would have to restart it. */
export type RefusalReaction =
  /** Register again when there is a token that was not rejected; otherwise retry rarely. */
  | 'register-again'
  /** Only a new token, certificate or version helps, so retry rarely. */
  | 'wait-for-change'
  /** Retry often enough for the plane to find two agents with one identity, and not so often that they do no work. */
  | 'wait-for-other'
  | 'back-off';

const reactions = {
  'certificate-unknown': 'register-again',
  'certificate-revoked': 'register-again',
  'duplicate-identity': 'register-again',
  'registration-refused': 'wait-for-change',
  'agent-kind-mismatch': 'wait-for-change',
  'request-invalid': 'wait-for-change',
  'not-offered': 'wait-for-change',
  // Another process uses the same identity. If both redialed at once, each would close the stream of the other.
  'stream-replaced': 'wait-for-other',
  'rate-exceeded': 'back-off',
  'plane-busy': 'back-off',
  'plane-stopping': 'back-off',
  internal: 'back-off',
} satisfies Record<RefusalCode, RefusalReaction>;

/** What an agent does after its stream was refused. Without a known code it backs off. */
export const reactionTo = (code: RefusalCode | 'unrecognised' | undefined): RefusalReaction =>
  code === undefined || code === 'unrecognised' ? 'back-off' : reactions[code];
