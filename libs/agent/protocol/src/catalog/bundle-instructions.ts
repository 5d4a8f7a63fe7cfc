import { z } from 'zod';
import { digest, generation, objectRef, osid, revision, text } from './field.js';
import { instruction } from './message.js';

/** `repair` reverts drifted fields at once, `report` only reports them. */
export const driftPolicies = ['repair', 'report'] as const;
export type DriftPolicy = (typeof driftPolicies)[number];

export const bundle = z.object({
  osid,
  generation,
  revision,
  /** SHA-256 of the canonical JSON of the objects. */
  digest,
  driftPolicy: z.enum(driftPolicies),
  /** The objects: canonical JSON, gzip, base64 (`packObjects` of kube-objects). */
  objectsGz: z.base64().max(2 * 1024 * 1024),
});

export type Bundle = z.output<typeof bundle>;

/** `accepted: true` when the agent has stored it. It rejects a revision lower than the stored one. */
const stored = z.object({ accepted: z.boolean(), reason: text(2048).optional() });

/** Applies these objects and keeps them applied. Idempotent. */
export const APPLY_BUNDLE = instruction({ type: 'APPLY_BUNDLE', input: bundle, reply: stored, deadlineMs: 10_000 });

/** Deletes the instance with all its objects. The revision of the tombstone rejects bundles that arrive later. */
export const DELETE_BUNDLE = instruction({
  type: 'DELETE_BUNDLE',
  input: z.object({ osid, generation, revision }),
  reply: stored,
  deadlineMs: 10_000,
});

/** The changes that APPLY_BUNDLE would make, by a dry run on the API server. */
export const DIFF_BUNDLE = instruction({
  type: 'DIFF_BUNDLE',
  input: bundle,
  reply: z.object({
    objects: z.array(
      z.object({
        object: objectRef,
        changes: z.array(z.object({ path: text(1024), live: z.unknown(), wanted: z.unknown() })),
      }),
    ),
  }),
  deadlineMs: 60_000,
});
