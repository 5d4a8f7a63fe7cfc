import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import { JobId, Warnings } from '../operation/fields.js';
import { FieldChange } from '../services/revision-operations.js';

/**
 * `replaced`: deleted and created again. `refused`: the cluster would not take it. The write is then refused too, if the
 * instance has overrides.
 */
const PlannedAction = z.enum(['created', 'changed', 'replaced', 'deleted', 'refused']);

/** One Kubernetes object that the write would change. Fields of Secrets are named, their values are `(hidden)`. */
export const PlannedObject = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().nullable(),
  name: z.string(),
  action: PlannedAction,
  /** Why it is replaced, refused or not tried, in the words of the cluster. */
  message: z.string().nullable(),
  /** Whether the cluster has tried it. */
  tried: z.boolean().register(documentation, {
    description: 'True if the API server of the cluster has tried it; false if it was only rendered.',
  }),
  /** Long values are cut. Empty for an object that is created or deleted. */
  changes: z.array(FieldChange),
});
export type PlannedObject = z.infer<typeof PlannedObject>;

/**
 * What a write would do, and nothing of it is done. `changes` has the names of the fields of the write, as the diff of two
 * revisions has. `restartsPods`: pods that run would end.
 */
export const ChangePlan = z.object({
  /** Null for a creation. Its objects have another id than those of the plan. */
  osid: z.string().nullable(),
  noOp: z.boolean(),
  changes: z.array(FieldChange),
  name: z.object({ before: z.string().nullable(), after: z.string() }).nullable(),
  rrcFlipHint: z.string().optional(),
  warnings: Warnings,
  /** Of a rollback: the fields of the earlier revision that never go back. */
  kept: z.array(z.string()).optional(),
  restartsPods: z.boolean(),
  /** The job would wait behind an open one. */
  queued: z.boolean(),
  /** The open jobs that it would supersede. */
  supersedes: z.array(JobId),
  /** `desired`: the cluster has not tried them, so the objects are compared with those of the current revision. */
  source: z.enum(['cluster', 'desired']),
  /** Why the cluster has not tried them: stable CamelCase, then a sentence. */
  reason: z.string().nullable(),
  message: z.string().nullable(),
  /** The namespace of the dry runs, if that of the instance does not exist yet. */
  planNamespace: z.string().nullable(),
  objects: z.array(PlannedObject),
});
export type ChangePlan = z.infer<typeof ChangePlan>;
