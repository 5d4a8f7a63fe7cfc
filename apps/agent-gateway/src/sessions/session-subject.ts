import { type Refusal, refusals } from '@runos/agent-protocol';
import { z } from 'zod';

/** Where a session is reached, whichever replica holds it. The number is never used twice. */
export const subjectOf = (sessionNo: number): string => `agw.s.${sessionNo}`;

/** The trace the order belongs to, as headers. */
const trace = z.record(z.string(), z.string()).default({});

/** What one replica asks of the one that holds a session. */
export const sessionOrder = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('instruct'),
    type: z.string(),
    body: z.unknown(),
    timeoutMs: z.int().min(1).max(60_000),
    trace,
  }),
  z.object({ do: z.literal('end'), refusal: z.enum(refusals), details: z.string() }),
]);
export type SessionOrder = z.output<typeof sessionOrder>;

export const endOrder = (refusal: Refusal, details: string): SessionOrder => ({ do: 'end', refusal, details });

export const encodeOrder = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
export const decodeOrder = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));
