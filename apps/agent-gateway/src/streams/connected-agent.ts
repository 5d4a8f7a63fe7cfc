import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  type Envelope,
  type Instruction,
  instructionEnvelope,
  instructions,
  type InstructionType,
  readReply,
} from '@runos/agent-protocol';
import { Fault } from '@runos/kernel';
import { durations, inSpan, SpanKind, traceHeaders } from '@runos/observability';
import type { AgentInfo } from '../agents/agent-repository.js';
import type { ServerStream } from './server-stream.js';
import type { AgentPeer } from '../certificates/certificate-authenticator.js';

/** The result of an instruction. `unknown`: the agent may have executed it, so repeat it idempotently. */
export type InstructionOutcome =
  | { readonly outcome: 'replied'; readonly body: unknown }
  | { readonly outcome: 'refused'; readonly message: string }
  | { readonly outcome: 'unknown' };

/** The number of tags that a stream keeps, because a reply may be late or duplicate. */
const maxTags = 1_000;

const duration = durations('runos_instruction_duration_seconds');

function outcomeOf(instruction: Instruction, reply: Envelope | undefined): InstructionOutcome {
  if (reply === undefined) return { outcome: 'unknown' };
  const read = readReply(instruction, reply);
  return read.ok ? { outcome: 'replied', body: read.value } : { outcome: 'refused', message: read.problem };
}

/** An agent whose stream this replica holds. */
export class ConnectedAgent {
  readonly #pending = new Map<string, (reply: Envelope | undefined) => void>();
  readonly #awaitedTags = new Set<string>();
  readonly #tags = new Set<string>();
  #info: AgentInfo;
  #infoNo = 0;

  constructor(
    readonly peer: AgentPeer,
    readonly sessionNo: number,
    readonly stream: ServerStream,
    info: AgentInfo,
  ) {
    this.#info = info;
    void stream.closed.then(() => {
      for (const resolve of [...this.#pending.values()]) resolve(undefined);
    });
  }

  /** What the agent stated about itself last. */
  get info(): AgentInfo {
    return this.#info;
  }

  /** The number of changes of the info in this session. */
  get infoNo(): number {
    return this.#infoNo;
  }

  /** Returns false when this changes nothing. */
  changeInfo(change: Partial<AgentInfo>): boolean {
    const info = { ...this.#info, ...change };
    if (isDeepStrictEqual(info, this.#info)) return false;
    this.#info = info;
    this.#infoNo += 1;
    return true;
  }

  /** @throws Fault `request.invalid` for an unknown instruction, `request.too_large` for one that agents cannot receive */
  async instruct(type: string, body: unknown, timeoutMs: number): Promise<InstructionOutcome> {
    if (!Object.hasOwn(instructions, type)) {
      throw new Fault(
        'request.invalid',
        `${type} is no instruction; known are ${Object.keys(instructions).join(', ')}`,
      );
    }
    const instruction = instructions[type as InstructionType];
    const startedAt = performance.now();
    return inSpan(`instruct ${type}`, { kind: SpanKind.CLIENT }, async () => {
      const { traceparent } = traceHeaders();
      const envelope = { ...instructionEnvelope(instruction, body as never, randomUUID()), traceparent };
      const outcome = outcomeOf(instruction, await this.#exchange(envelope, timeoutMs));
      duration.record(performance.now() - startedAt, { type, outcome: outcome.outcome });
      return outcome;
    });
  }

  /** Whether an instruction waits for this message. True once: an agent may repeat a reply any number of times. */
  isAwaited({ tag }: Envelope): boolean {
    return this.#awaitedTags.delete(tag);
  }

  /** Resolves the instruction that the message replies to. Returns false when none is pending under its tag. */
  acceptReply(envelope: Envelope): boolean {
    const resolve = this.#pending.get(envelope.tag);
    resolve?.(envelope);
    return resolve !== undefined;
  }

  /** Remembers the tag of a message, of either side. */
  addTag(tag: string): void {
    this.#tags.add(tag);
    const [oldest] = this.#tags;
    if (this.#tags.size > maxTags && oldest !== undefined) this.#tags.delete(oldest);
  }

  /** Whether either side has used this tag recently. */
  hasSeenTag(tag: string): boolean {
    return this.#tags.has(tag);
  }

  #exchange(envelope: Envelope, timeoutMs: number): Promise<Envelope | undefined> {
    if (this.stream.isClosed) return Promise.resolve(undefined);
    this.addTag(envelope.tag);
    return new Promise((resolve) => {
      const settle = (reply: Envelope | undefined): void => {
        clearTimeout(timer);
        this.#pending.delete(envelope.tag);
        this.#awaitedTags.delete(envelope.tag);
        resolve(reply);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      this.#pending.set(envelope.tag, settle);
      this.#awaitedTags.add(envelope.tag);
      this.stream.send(envelope);
    });
  }
}
