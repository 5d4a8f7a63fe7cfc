import { z } from 'zod';

/** The idempotency of a write: a repeated key with the same hash and caller gets the stored response. */
export const Idempotency = z.object({
  key: z.string().max(64),
  /** Hash of operation and body. All versions compute it alike, because they compare the stored hashes of each other. */
  requestHash: z.string(),
  /** Identifies the caller. Older gateways do not send it. */
  caller: z.string().max(128).optional(),
});
export type Idempotency = z.infer<typeof Idempotency>;

/** Common to all writes: idempotency, and the expected generation of a versioned resource (`If-Match`). */
export const WriteOptions = {
  idempotency: Idempotency.optional(),
  ifGeneration: z.int().optional(),
};
