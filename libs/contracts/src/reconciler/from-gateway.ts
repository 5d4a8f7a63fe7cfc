import { z } from 'zod';

/** A request of the gateway for a user, which needs the database and other services, but no agent. */
export const fromGateway = { owner: 'reconciler', callers: ['gateway'], scope: 'tenant', deadlineMs: 5_000 } as const;

/** A write that the cluster may try first, which takes longer. */
export const triedFromGateway = { ...fromGateway, deadlineMs: 7_500 } as const;

/** Names one instance: `id` is the five characters or the whole OSID. */
export const instanceName = { cid: z.string(), type: z.string(), id: z.string() };

/** One page of a list. */
export const page = { limit: z.int(), cursor: z.string().optional() };

/** What a user reads of an instance, with the generation of its desired state for the ETag. */
export const versionedOf = <Body extends z.ZodType>(body: Body) => z.object({ generation: z.int(), body });
