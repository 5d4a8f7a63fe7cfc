import { randomUUID } from 'node:crypto';
import {
  type AgentIdentity,
  type Envelope,
  type Instruction,
  instructionEnvelope,
  instructions,
  type InstructionType,
  readReply,
} from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import { durations, inSpan, SpanKind, traceHeaders } from '@runos/observability';
import type { Introduction } from '../agents/agent-store.js';
import type { AgentStream } from './agent-stream.js';

/** What became of an instruction. `unknown`: it may have been carried out, so ask again idempotently. */
export type InstructionOutcome =
  | { readonly outcome: 'answered'; readonly body: unknown }
  | { readonly outcome: 'refused'; readonly message: string }
  | { readonly outcome: 'unknown' };

/** Who is on a stream, as its certificate says. */
export interface Peer {
  readonly identity: AgentIdentity;
  readonly serial: string;
  readonly certificateExpiresAt: Date;
}

/** The tags of so many exchanges are remembered per stream: an answer may be late, or come twice. */
const rememberedTags = 1_000;

const duration = durations('runos_instruction_duration_seconds');

function outcomeOf(told: Instruction, answer: Envelope | undefined): InstructionOutcome {
  if (answer === undefined) return { outcome: 'unknown' };
  const read = readReply(told, answer);
  return read.ok ? { outcome: 'answered', body: read.value } : { outcome: 'refused', message: read.problem };
}

/** An agent while its stream lives on this replica. */
export class LiveAgent {
  readonly #asked = new Map<string, (answer: Envelope | undefined) => void>();
  readonly #tags = new Set<string>();

  constructor(
    readonly peer: Peer,
    readonly sessionNo: number,
    readonly stream: AgentStream,
    /** What it said of itself last. */
    public said: Introduction,
  ) {
    void stream.over.then(() => {
      for (const answered of [...this.#asked.values()]) answered(undefined);
    });
  }

  /** @throws Fault `request.invalid` for what is no instruction, `request.too_large` for what no agent can take. */
  async instruct(type: string, body: unknown, timeoutMs: number): Promise<InstructionOutcome> {
    if (!Object.hasOwn(instructions, type)) {
      throw new Fault(
        'request.invalid',
        `${type} is no instruction; known are ${Object.keys(instructions).join(', ')}`,
      );
    }
    const told = instructions[type as InstructionType];
    const started = performance.now();
    return inSpan(`instruct ${type}`, { kind: SpanKind.CLIENT }, async () => {
      const { traceparent } = traceHeaders();
      const envelope = { ...instructionEnvelope(told, body as never, randomUUID()), traceparent };
      const outcome = outcomeOf(told, await this.#answerTo(envelope, timeoutMs));
      duration.record(performance.now() - started, { type, outcome: outcome.outcome });
      return outcome;
    });
  }

  /** True if somebody waits for this answer. */
  answered(envelope: Envelope): boolean {
    const waiting = this.#asked.get(envelope.tag);
    waiting?.(envelope);
    return waiting !== undefined;
  }

  /** Notes a tag under which something was said on this stream, by either side. */
  remember(tag: string): void {
    this.#tags.add(tag);
    const [oldest] = this.#tags;
    if (this.#tags.size > rememberedTags && oldest !== undefined) this.#tags.delete(oldest);
  }

  /** Whether anything was said under this tag lately. */
  knows = (tag: string): boolean => this.#tags.has(tag);

  #answerTo(envelope: Envelope, timeoutMs: number): Promise<Envelope | undefined> {
    if (this.stream.isOver) return Promise.resolve(undefined);
    this.remember(envelope.tag);
    return new Promise((resolve) => {
      const settle = (answer: Envelope | undefined): void => {
        clearTimeout(timer);
        this.#asked.delete(envelope.tag);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      this.#asked.set(envelope.tag, settle);
      this.stream.send(envelope);
    });
  }
}
