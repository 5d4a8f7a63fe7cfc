import type { z } from 'zod';
import { type InstructionType, instructions, type ReportType, reports } from '../catalog/catalog.js';
import type { InputOf, Instruction, ReadBodyOf, ReadInputOf, ReplyOf, Report } from '../catalog/message.js';
import { errorIn } from './agent-error.js';
import { decodeJson, type Envelope, envelope } from './envelope.js';

/** A message of the catalog, or why it is none: a newer peer's type, or a payload that its schema refuses. */
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
    /** The whole payload: also what its schema leaves out. */
    readonly said: unknown;
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

/** The answer to what was asked: a value, or the other side's reason for having none. */
export type ReadReply<M extends Instruction | Report> =
  { readonly ok: true; readonly value: ReplyOf<M> } | { readonly ok: false; readonly problem: string };

type Payload = { ok: true; value: unknown; said: unknown } | { ok: false; problem: string };

function payload(schema: z.ZodType, jsonB64: string): Payload {
  const decoded = decodeJson(jsonB64);
  if (!decoded.ok) return decoded;
  const parsed = schema.safeParse(decoded.value);
  if (parsed.success) return { ok: true, value: parsed.data, said: decoded.value };
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join('.') || 'the payload'}: ${message}`);
  return { ok: false, problem: issues.join('; ') };
}

function known<T extends object>(table: T, type: string): type is keyof T & string {
  return Object.hasOwn(table, type);
}

/** What an agent said. Never throws, whatever was sent. */
export function readReport(sent: Envelope): Read<ReadReport> {
  const { type, tag } = sent;
  if (!known(reports, type)) return { kind: 'unknown', type, tag };
  const read = payload(reports[type].body, sent.jsonB64);
  return read.ok
    ? ({ kind: 'report', type, tag, body: read.value, said: read.said } as ReadReport)
    : { kind: 'invalid', type, tag, problem: read.problem };
}

/** What the server asked for. Never throws, whatever was sent. */
export function readInstruction(sent: Envelope): Read<ReadInstruction> {
  const { type, tag } = sent;
  if (!known(instructions, type)) return { kind: 'unknown', type, tag };
  const read = payload(instructions[type].input, sent.jsonB64);
  return read.ok
    ? ({ kind: 'instruction', type, tag, input: read.value } as ReadInstruction)
    : { kind: 'invalid', type, tag, problem: read.problem };
}

/** What came back with the tag of `asked`: only the tag counts, the type of an answer matters only when it is an error. */
export function readReply<M extends Instruction | Report>(asked: M, answer: Envelope): ReadReply<M> {
  const problem = errorIn(answer);
  if (problem !== undefined) return { ok: false, problem };
  if (asked.reply === null) return { ok: true, value: undefined as ReplyOf<M> };
  const read = payload(asked.reply, answer.jsonB64);
  return read.ok
    ? { ok: true, value: read.value as ReplyOf<M> }
    : { ok: false, problem: `the answer to ${asked.type} cannot be read: ${read.problem}` };
}

export const instructionEnvelope = <I extends Instruction>(told: I, input: InputOf<I>, tag: string): Envelope =>
  envelope(told.type, input, tag);

export const reportEnvelope = <R extends Report>(said: R, body: z.input<R['body']>, tag: string): Envelope =>
  envelope(said.type, body, tag);

/** The answer to a report or an instruction. */
export const replyEnvelope = <M extends Instruction | Report>(
  asked: M,
  value: M['reply'] extends z.ZodType ? z.input<M['reply']> : never,
  tag: string,
): Envelope => envelope(`${asked.type}_RESPONSE`, value, tag);
