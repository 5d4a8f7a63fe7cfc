import { z } from 'zod';

/**
 * The idempotency key of a write, the hash of its operation and body, and `by`, which identifies the caller. All versions
 * compute the same hash, because one version compares hashes that another stored.
 */
export const Idempotency = z.object({
  key: z.string().max(64),
  requestHash: z.string(),
  by: z.string().max(128).optional(),
});
export type Idempotency = z.infer<typeof Idempotency>;

/** Options of every write: idempotency and, for versioned resources, the expected generation. */
export const WriteOptions = {
  idempotency: Idempotency.optional(),
  ifGeneration: z.int().optional(),
};
