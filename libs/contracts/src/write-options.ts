import { z } from 'zod';

/**
 * What a client sends beside a write: its idempotency key, the hash of operation and body it was used with, and `by`,
 * which says who uses it and differs for everybody else. The hash is made alike by all versions, since one compares what
 * another has kept.
 */
export const Idempotency = z.object({
  key: z.string().max(64),
  requestHash: z.string(),
  by: z.string().max(128).optional(),
});
export type Idempotency = z.infer<typeof Idempotency>;

/** Common to every write: an optional idempotency record and, for versioned resources, the generation expected. */
export const WriteOptions = {
  idempotency: Idempotency.optional(),
  ifGeneration: z.int().optional(),
};
