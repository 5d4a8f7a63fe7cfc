import { randomUUID } from 'node:crypto';
import { type ClientDuplexStream, type ServiceError, status, type StatusObject } from '@grpc/grpc-js';
import {
  type Envelope,
  errorEnvelope,
  type InstructionType,
  readInstruction,
  type ReadInputOf,
  readReply,
  type Refusal,
  refusalOf,
  replyEnvelope,
  type ReplyOf,
  type Report,
  reportEnvelope,
  instructions,
} from '@runos/agent-protocol';
import { type Clock, unavailable } from '@runos/kernel';
import { inSpan, type Logger, SpanKind, traceHeaders, traceOf } from '@runos/observability';

/** What an agent does when told to; what it has no handler for is answered with an error. */
export type InstructionHandlers = {
  readonly [T in InstructionType]?: (
    input: ReadInputOf<(typeof instructions)[T]>,
  ) => Promise<ReplyOf<(typeof instructions)[T]>>;
};

/** Why a stream is no more. */
export interface StreamEnd {
  readonly problem: string;
  readonly refusal?: Refusal | 'unrecognised';
}

export interface LiveStreamOptions {
  readonly handlers: InstructionHandlers;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Answered = (answer: Envelope | undefined) => void;

/** Instructions beyond this many at a time are answered with an error: the plane asks again. */
const maxInstructions = 256;

/** One stream while it lives: questions find their answers by tag, instructions find their handlers. */
export class LiveStream {
  /** Resolves once, when nothing can be said or heard any more. */
  readonly ended: Promise<StreamEnd>;
  readonly #asked = new Map<string, Answered>();
  readonly #over = new AbortController();
  #finish!: (end: StreamEnd) => void;
  #running = 0;

  constructor(
    private readonly stream: ClientDuplexStream<Envelope, Envelope>,
    private readonly options: LiveStreamOptions,
  ) {
    this.ended = new Promise((resolve) => (this.#finish = resolve));
    stream.on('data', (envelope: Envelope) => this.#heard(envelope));
    stream.on('error', ({ details, message, metadata }: ServiceError) =>
      this.#close({ problem: details || message, refusal: refusalOf(metadata) }),
    );
    stream.on('status', ({ code, details, metadata }: StatusObject) =>
      this.#close({
        problem: code === status.OK ? 'the server ended the stream' : details,
        refusal: refusalOf(metadata),
      }),
    );
  }

  /** Aborts when the stream is over. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Says something and waits for the answer.
   * @throws Fault `unavailable` when the stream ends or no answer comes in time; Error when the answer says no.
   */
  async ask<R extends Report>(report: R, body: unknown, deadlineMs = report.deadlineMs): Promise<ReplyOf<R>> {
    const read = readReply(report, await this.exchange(report, body, deadlineMs));
    if (!read.ok) throw new Error(`${report.type}: ${read.problem}`);
    return read.value;
  }

  /**
   * Says something and waits for whatever comes back with its tag: somebody is there.
   * @throws Fault `unavailable` when the stream ends or nothing comes in time
   */
  async exchange(report: Report, body: unknown, deadlineMs: number): Promise<Envelope> {
    if (this.over.aborted) throw unavailable(`${report.type} was not sent: the stream is over`);
    const { traceparent } = traceHeaders();
    const envelope = { ...reportEnvelope(report, body as never, randomUUID()), traceparent };
    const answer = await this.#answerTo(envelope, deadlineMs);
    if (answer !== undefined) return answer;
    throw unavailable(
      this.over.aborted
        ? `the stream ended before ${report.type} was answered`
        : `${report.type} had no answer within ${deadlineMs} ms`,
    );
  }

  /** Ends it from this side. */
  end(problem: string): void {
    this.#close({ problem });
    this.stream.cancel();
  }

  async #answerTo(envelope: Envelope, deadlineMs: number): Promise<Envelope | undefined> {
    const timer = new AbortController();
    const answer = new Promise<Envelope | undefined>((resolve) => this.#asked.set(envelope.tag, resolve));
    this.stream.write(envelope);
    try {
      return await Promise.race([answer, this.options.clock.sleep(deadlineMs, timer.signal).then(() => undefined)]);
    } finally {
      timer.abort();
      this.#asked.delete(envelope.tag);
    }
  }

  #heard(envelope: Envelope): void {
    const answered = this.#asked.get(envelope.tag);
    if (answered !== undefined) return answered(envelope);
    const isLateAnswer = /(^ERROR|^ACK|_ERROR|_RESPONSE)$/.test(envelope.type);
    if (!isLateAnswer) void this.#obey(envelope);
  }

  async #obey(envelope: Envelope): Promise<void> {
    const { type, tag } = envelope;
    const answer = await this.#answer(envelope).catch((error: unknown) => {
      this.options.logger.error({ err: error, type, tag }, 'an instruction failed');
      return errorEnvelope(`Error processing ${type}: ${error instanceof Error ? error.message : String(error)}`, tag);
    });
    if (!this.over.aborted) this.stream.write(answer);
  }

  async #answer(envelope: Envelope): Promise<Envelope> {
    const read = readInstruction(envelope);
    if (read.kind === 'invalid') throw new Error(read.problem);
    const handler = read.kind === 'instruction' ? this.options.handlers[read.type] : undefined;
    if (read.kind === 'unknown' || handler === undefined) {
      this.options.logger.warn({ type: read.type, tag: read.tag }, 'an instruction of an unknown type');
      return errorEnvelope(`No handler found for message type: ${read.type}`, read.tag);
    }
    if (this.#running >= maxInstructions) throw new Error(`${maxInstructions} instructions are under way already`);
    this.#running += 1;
    try {
      // The handler belongs to the input: both were found under the same type.
      const work = () => (handler as (input: unknown) => Promise<never>)(read.input);
      const parent = traceOf(envelope.traceparent ? { traceparent: envelope.traceparent } : {});
      const reply = await inSpan(`obey ${read.type}`, { kind: SpanKind.SERVER, parent }, work);
      return replyEnvelope(instructions[read.type], reply, read.tag);
    } finally {
      this.#running -= 1;
    }
  }

  #close(end: StreamEnd): void {
    if (this.over.aborted) return;
    this.#over.abort();
    for (const answered of [...this.#asked.values()]) answered(undefined);
    this.#finish(end);
  }
}
