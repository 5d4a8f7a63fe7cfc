import { z } from 'zod';

/** What a client sends beside a write: its idempotency key and the hash of operation and body it was used with. */
export const Idempotency = z.object({ key: z.string().max(64), requestHash: z.string() });
export type Idempotency = z.infer<typeof Idempotency>;

/** Common to every write: an optional idempotency record and, for versioned resources, the generation expected. */
export const WriteOptions = {
  idempotency: Idempotency.optional(),
  ifGeneration: z.int().optional(),
};
