import { Osid as OsidName } from '@runos/osid';
import { z } from 'zod';

/** Text of the peer, with a maximum length. */
export const text = (max: number) => z.string().max(max);

export const osid = z
  .string()
  .max(OsidName.maxLength)
  .refine(OsidName.is, { error: 'is not <type>-<id>' })
  .describe('the instance');

export const generation = z.int().min(0).describe('grows with every change of the desired state');
export const revision = z.int().min(1).describe('grows strictly per instance with every bundle, also with a tombstone');
export const digest = z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256 in hexadecimal');
export const instant = z.iso.datetime({ offset: true });

/** One of the known values. The value of a newer peer is read as `unrecognised` and not rejected. */
export const oneOf = <const Value extends string>(values: readonly Value[]) =>
  text(64).transform((read): Value | 'unrecognised' => values.find((value) => value === read) ?? 'unrecognised');

/** Names one Kubernetes object. */
export const objectRef = z.object({
  apiVersion: text(253),
  kind: text(63),
  namespace: text(253).optional(),
  name: text(253),
});

/** A message of the server that an agent executes, and its reply. */
export interface Instruction<
  Type extends string = string,
  Input extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly kind: 'instruction';
  readonly type: Type;
  readonly input: Input;
  readonly reply: Reply;
  /** Timeout of the reply, ms. After it the outcome is unknown, not failed. */
  readonly deadlineMs: number;
}

/** A message of an agent to the server. `reply` is null for messages without a reply. */
export interface Report<
  Type extends string = string,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType | null = z.ZodType | null,
> {
  readonly kind: 'report';
  readonly type: Type;
  readonly body: Body;
  readonly reply: Reply;
  /** Timeout of the reply, ms; 0 when there is none. */
  readonly deadlineMs: number;
}

/** An instruction of the agent protocol: the control plane sends it, the agent replies. */
export const instruction = <const Type extends string, Input extends z.ZodType, Reply extends z.ZodType>(
  definition: Omit<Instruction<Type, Input, Reply>, 'kind'>,
): Instruction<Type, Input, Reply> => ({ kind: 'instruction', ...definition });

/** A report of the agent protocol: the agent sends it, the control plane acknowledges it or replies. */
export const report = <const Type extends string, Body extends z.ZodType, Reply extends z.ZodType | null>(
  definition: Omit<Report<Type, Body, Reply>, 'kind'>,
): Report<Type, Body, Reply> => ({ kind: 'report', ...definition });

/** The type that the sender writes. */
export type InputOf<I extends Instruction> = z.input<I['input']>;
export type BodyOf<R extends Report> = z.input<R['body']>;
/** The type that the receiver reads. */
export type ReadInputOf<I extends Instruction> = z.output<I['input']>;
export type ReadBodyOf<R extends Report> = z.output<R['body']>;
export type ReplyOf<M extends Instruction | Report> = M['reply'] extends z.ZodType ? z.output<M['reply']> : undefined;
