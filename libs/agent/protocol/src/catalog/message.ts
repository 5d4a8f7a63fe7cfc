import type { z } from 'zod';

/** What the server tells an agent to do, and what comes back. */
export interface Instruction<
  Type extends string = string,
  Input extends z.ZodType = z.ZodType,
  Reply extends z.ZodType = z.ZodType,
> {
  readonly kind: 'instruction';
  readonly type: Type;
  readonly input: Input;
  readonly reply: Reply;
  /** How long the agent may take to answer, ms. After it the outcome is unknown, not failed. */
  readonly deadlineMs: number;
}

/** What an agent says to the server. `reply` is null for what is never answered. */
export interface Report<
  Type extends string = string,
  Body extends z.ZodType = z.ZodType,
  Reply extends z.ZodType | null = z.ZodType | null,
> {
  readonly kind: 'report';
  readonly type: Type;
  readonly body: Body;
  readonly reply: Reply;
  /** How long the agent waits for the answer, ms; 0 when there is none. */
  readonly deadlineMs: number;
}

export const instruction = <const Type extends string, Input extends z.ZodType, Reply extends z.ZodType>(
  definition: Omit<Instruction<Type, Input, Reply>, 'kind'>,
): Instruction<Type, Input, Reply> => ({ kind: 'instruction', ...definition });

export const report = <const Type extends string, Body extends z.ZodType, Reply extends z.ZodType | null>(
  definition: Omit<Report<Type, Body, Reply>, 'kind'>,
): Report<Type, Body, Reply> => ({ kind: 'report', ...definition });

/** What the sender may write. */
export type InputOf<I extends Instruction> = z.input<I['input']>;
export type BodyOf<R extends Report> = z.input<R['body']>;
/** What the receiver reads. */
export type ReadInputOf<I extends Instruction> = z.output<I['input']>;
export type ReadBodyOf<R extends Report> = z.output<R['body']>;
export type ReplyOf<M extends Instruction | Report> = M['reply'] extends z.ZodType ? z.output<M['reply']> : undefined;
