import { z } from 'zod';
import type { Access } from '../access/access.js';
import type { PathParam } from './path-params.js';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
type Params = Readonly<Record<string, PathParam>>;

/**
 * One public operation as a value. Routes, access checks, validation, OpenAPI and the command catalog derive from it.
 * `path` has Express placeholders (`/:aid/clusters/:cid`), each described in `params`.
 *
 * Errors of every operation: `request.invalid`, `request.too_large`, `limit.exceeded`, `unavailable`, `internal`;
 * `auth.invalid` unless public; `auth.forbidden` where a level is declared; the `notFound` code of each parameter.
 * Docstrings of operations name only further errors. Write operations accept `Idempotency-Key` and, where
 * `versioned`, `If-Match`.
 */
export interface Operation<
  P extends Params = Params,
  Q extends z.ZodType = z.ZodType,
  B extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
  I extends string = string,
> {
  /** Stable name, `<noun>.<verb>`; the operationId of OpenAPI. */
  readonly id: I;
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly output: O;
  /** 202 when the output has a jobId, 201 for a resource created without a job, else 200. */
  readonly status: 200 | 201 | 202;
  /** Concerns desired state with a generation: reads return an ETag, writes accept If-Match. */
  readonly versioned?: boolean;
  /** Media type of the response where it is not JSON. */
  readonly mediaType?: 'text/event-stream';
  readonly examples?: { readonly body?: z.input<B>; readonly output?: z.input<O> };
}

const noFields = z.strictObject({});

/** Defines an operation. Defaults: no `params`, `query` and `body` fields, status 200. */
export const operation = <
  O extends z.ZodType,
  const I extends string,
  const P extends Params = Record<never, never>,
  Q extends z.ZodType = typeof noFields,
  B extends z.ZodType = typeof noFields,
>(
  definition: Pick<Operation<P, Q, B, O, I>, 'id' | 'method' | 'path' | 'access' | 'summary' | 'output'> &
    Partial<Operation<P, Q, B, O, I>>,
): Operation<P, Q, B, O, I> => ({
  params: {} as P,
  query: noFields as unknown as Q,
  body: noFields as unknown as B,
  status: 200,
  ...definition,
});

/** The input of a handler: path parameters, query and body of one request, each parsed by its schema. */
export interface OperationInput<Op extends Operation> {
  readonly params: { readonly [K in keyof Op['params']]: string };
  readonly query: z.output<Op['query']>;
  readonly body: z.output<Op['body']>;
}

export type OperationOutput<Op extends Operation> = z.input<Op['output']>;
