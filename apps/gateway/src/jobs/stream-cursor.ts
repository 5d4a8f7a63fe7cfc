import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What a follower has received: a digest of the job and of each step, and the last log line of each step. */
const StreamCursor = z.object({
  job: z.string().optional(),
  steps: z.record(z.string(), z.object({ item: z.string().optional(), after: z.string().max(64).optional() })),
});
export type StreamCursor = z.infer<typeof StreamCursor>;

/** Characters; five steps fit into one header, and two states are still distinguished. */
const digestLength = 10;

export const digestOf = (body: unknown): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, digestLength);

/** The cursor as the `id` of an event. */
export const encodeCursor = (cursor: StreamCursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** Parses `Last-Event-ID`. An invalid cursor starts from the beginning, because its client would only repeat it. */
export function parseCursor(cursor: string | undefined): StreamCursor {
  try {
    return StreamCursor.parse(JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()));
  } catch {
    return { steps: {} };
  }
}
