import { createHash } from 'node:crypto';
import { z } from 'zod';

/** What a follower has been sent: of the job and of each step how it looked, of each step's log the last line. */
const Seen = z.object({
  job: z.string().optional(),
  steps: z.record(z.string(), z.object({ item: z.string().optional(), after: z.string().max(64).optional() })),
});
export type Seen = z.infer<typeof Seen>;

/** Short enough for five steps in one header, long enough to tell two states of a thing apart. */
const digestLength = 10;

export const digestOf = (body: unknown): string =>
  createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, digestLength);

/** As the `id` of an event. */
export const cursorOf = (seen: Seen): string => Buffer.from(JSON.stringify(seen)).toString('base64url');

/** What `Last-Event-ID` says was seen; a cursor that is not ours starts over, for its client would only send it again. */
export function seenFrom(cursor: string | undefined): Seen {
  try {
    return Seen.parse(JSON.parse(Buffer.from(cursor ?? '', 'base64url').toString()));
  } catch {
    return { steps: {} };
  }
}
