import { documentation } from '@runos/catalog-model';
import { z } from 'zod';
import {
  Force,
  Generation,
  JobId,
  maxInt32,
  NextCursor,
  page,
  Timestamp,
  Unchanged,
  Warnings,
} from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, cid, type, serviceId: id, revision } = pathParams;
const collection = '/:aid/:cid/services/:type/:id/revisions';
const one = `${collection}/:revision`;
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';

/** The number of a revision of an instance. */
const RevisionNumber = z.int().min(1).max(maxInt32).register(documentation, {
  description: 'Revision of an instance: the number of its specs until then.',
  unit: 'specs',
  minimum: 1,
  maximum: maxInt32,
});

/** A stored spec of an instance. `current`: the spec that is delivered to the cluster. `jobId` is null if no job is known. */
export const RevisionSummary = z.object({
  revision: RevisionNumber,
  generation: Generation,
  current: z.boolean(),
  changedBy: z.string(),
  jobId: JobId.nullable(),
  createdAt: Timestamp,
});

/** The fields of a revision, by their names in an update; a field of settings is `advanced.<key>`. */
const RevisionFields = z.record(z.string(), z.unknown());

export const Revision = RevisionSummary.extend({ fields: RevisionFields });

/** A field that differs; `before` or `after` is null where the revision has no value. */
export const FieldChange = z.object({ field: z.string(), before: z.unknown(), after: z.unknown() });

export const RevisionDiff = z.object({ from: RevisionNumber, to: RevisionNumber, changes: z.array(FieldChange) });

/** Another revision to compare with; absent: the current one. */
export const DiffTarget = z.strictObject({
  to: z.coerce.number().pipe(RevisionNumber).optional().register(documentation, {
    description: 'The other revision, a number of specs. Default: the current one.',
    unit: 'specs',
    minimum: 1,
    maximum: maxInt32,
  }),
});

export const Rollback = z.strictObject({ revision: RevisionNumber });

/**
 * In this order: a job was created; the instance has that spec already. `kept` names the fields that do not go back: those
 * of the spec that differ, and the name and the sources, which no revision holds.
 */
export const RolledBack = z.union([
  z.object({ jobId: JobId, kept: z.array(z.string()), warnings: Warnings }),
  Unchanged,
]);

/** Newest first. The last 50 are kept by default. */
export const listRevisions = operation({
  id: 'service.revision.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the stored specs of an instance, newest first.',
  params: { aid, cid, type, id },
  query: page(50, 200),
  output: z.object({ revisions: z.array(RevisionSummary), nextCursor: NextCursor }),
});

export const showRevision = operation({
  id: 'service.revision.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show a stored spec of an instance.',
  params: { aid, cid, type, id, revision },
  output: Revision,
});

/** `revision.not_found` also for a revision `to` that is not stored. */
export const diffRevision = operation({
  id: 'service.revision.diff',
  method: 'GET',
  path: `${one}/diff`,
  access: 'read',
  summary: 'Compare two stored specs of an instance field by field.',
  params: { aid, cid, type, id, revision },
  query: DiffTarget,
  output: RevisionDiff,
  examples: {
    output: { from: 3, to: 7, changes: [{ field: 'cpuLimitMc', before: 1000, after: 2000 }] },
  },
});

/**
 * A rollout, as an update is. The version of the service, its renderer and its storage never go back: `kept` names
 * those that differ, and the name, which stays too. `configset.invalid` and `sizing.invalid` for settings that do not fit the version or the size of
 * today. `configset.not_found` when their config set was deleted.
 */
export const rollBack = operation({
  id: 'service.rollback',
  method: 'POST',
  path: '/:aid/:cid/services/:type/:id/rollback',
  access: 'write',
  summary: 'Make the spec of an earlier revision desired again.',
  params: { aid, cid, type, id },
  query: Force,
  body: Rollback,
  output: RolledBack,
  status: 202,
  errors: [
    'revision.not_found',
    'configset.not_found',
    'configset.invalid',
    'sizing.invalid',
    'override.invalid',
    'conflict.diverged',
    'conflict.data_loss',
  ],
  versioned: true,
  examples: { body: { revision: 3 }, output: { jobId: exampleJob, kept: ['storageMb', 'name'] } },
});
