import type { z } from 'zod';
import { type InstructionType, instructions, type ReportType, reports } from '../catalog/catalog.js';
import type { InputOf, Instruction, ReadBodyOf, ReadInputOf, ReplyOf, Report } from '../catalog/message.js';
import { decodeJson, type Envelope, envelope, errorIn } from './envelope.js';

/** A message of the catalog, or the reason why it is none: an unknown type, or a payload that its schema rejects. */
export type Read<Known> =
  | Known
  | { readonly kind: 'unknown'; readonly type: string; readonly tag: string }
  | { readonly kind: 'invalid'; readonly type: string; readonly tag: string; readonly problem: string };

export type ReadReport = {
  [T in ReportType]: {
    readonly kind: 'report';
    readonly type: T;
    readonly tag: string;
    readonly body: ReadBodyOf<(typeof reports)[T]>;
    /** The whole payload, with the fields that the schema omits. */
    readonly payload: unknown;
  };
}[ReportType];

export type ReadInstruction = {
  [T in InstructionType]: {
    readonly kind: 'instruction';
    readonly type: T;
    readonly tag: string;
    readonly input: ReadInputOf<(typeof instructions)[T]>;
  };
}[InstructionType];

/** The reply to a request: a value, or the error text of the peer. */
export type ReadReply<M extends Instruction | Report> =
  { readonly ok: true; readonly value: ReplyOf<M> } | { readonly ok: false; readonly problem: string };

type Decoded = { ok: true; value: unknown; payload: unknown } | { ok: false; problem: string };

function decodePayload(schema: z.ZodType, jsonB64: string): Decoded {
  const decoded = decodeJson(jsonB64);
  if (!decoded.ok) return decoded;
  const parsed = schema.safeParse(decoded.value);
  if (parsed.success) return { ok: true, value: parsed.data, payload: decoded.value };
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the payload'}: ${message}`);
  return { ok: false, problem: issues.join('; ') };
}

function isKnown<T extends object>(table: T, type: string): type is keyof T & string {
  return Object.hasOwn(table, type);
}

/** Reads a message of an agent. Never throws. */
export function readReport(envelope: Envelope): Read<ReadReport> {
  const { type, tag } = envelope;
  if (!isKnown(reports, type)) return { kind: 'unknown', type, tag };
  const read = decodePayload(reports[type].body, envelope.jsonB64);
  return read.ok
    ? ({ kind: 'report', type, tag, body: read.value, payload: read.payload } as ReadReport)
    : { kind: 'invalid', type, tag, problem: read.problem };
}

/** Reads a message of the server. Never throws. */
export function readInstruction(envelope: Envelope): Read<ReadInstruction> {
  const { type, tag } = envelope;
  if (!isKnown(instructions, type)) return { kind: 'unknown', type, tag };
  const read = decodePayload(instructions[type].input, envelope.jsonB64);
  return read.ok
    ? ({ kind: 'instruction', type, tag, input: read.value } as ReadInstruction)
    : { kind: 'invalid', type, tag, problem: read.problem };
}

/** Reads the reply to `request`. The tag identifies a reply; its type matters only when it is an error. */
export function readReply<M extends Instruction | Report>(request: M, reply: Envelope): ReadReply<M> {
  const problem = errorIn(reply);
  if (problem !== undefined) return { ok: false, problem };
  if (request.reply === null) return { ok: true, value: undefined as ReplyOf<M> };
  const read = decodePayload(request.reply, reply.jsonB64);
  return read.ok
    ? { ok: true, value: read.value as ReplyOf<M> }
    : { ok: false, problem: `the reply to ${request.type} is not valid: ${read.problem}` };
}

/** An instruction as an envelope; the reply carries the same `tag`. */
export const instructionEnvelope = <I extends Instruction>(instruction: I, input: InputOf<I>, tag: string): Envelope =>
  envelope(instruction.type, input, tag);

/** A report as an envelope; its acknowledgement carries the same `tag`. */
export const reportEnvelope = <R extends Report>(report: R, body: z.input<R['body']>, tag: string): Envelope =>
  envelope(report.type, body, tag);

/** The reply to a report or an instruction. */
export const replyEnvelope = <M extends Instruction | Report>(
  request: M,
  value: M['reply'] extends z.ZodType ? z.input<M['reply']> : never,
  tag: string,
): Envelope => envelope(`${request.type}_RESPONSE`, value, tag);
