import type { z } from 'zod';

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

export const instruction = <const Type extends string, Input extends z.ZodType, Reply extends z.ZodType>(
  definition: Omit<Instruction<Type, Input, Reply>, 'kind'>,
): Instruction<Type, Input, Reply> => ({ kind: 'instruction', ...definition });

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
