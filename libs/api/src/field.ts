import { z } from 'zod';

/** Names people give to things: 1 to 63 printable characters, without blanks at either end. */
export const Name = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[^\p{C}]+$/u, 'must consist of printable characters')
  .refine((name) => name.trim() === name, 'must not begin or end with a blank');

/** ISO 8601 in UTC. */
export const Timestamp = z.iso.datetime();

export const JobId = z.uuid();

/** What a write that takes time answers. */
export const Accepted = z.object({ jobId: JobId });

/** `limit` and `cursor` of a paged list; a query carries strings. */
export const page = (defaultLimit: number, maxLimit: number) =>
  z.strictObject({
    limit: z.coerce.number().int().min(1).max(maxLimit).default(defaultLimit),
    cursor: z.string().max(256).optional(),
  });

/** One page of a list: where `nextCursor` is set there is more. */
export const NextCursor = z.string().nullable();
