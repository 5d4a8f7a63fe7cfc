import { z } from 'zod';
import { Force, NextCursor, page } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import {
  DiffTarget,
  Revision,
  RevisionDiff,
  RevisionSummary,
  Rollback,
  RolledBack,
} from '../services/revision-operations.js';

const { aid, cid, appId: id, revision } = pathParams;
const app = '/:aid/:cid/apps/:id';
const collection = `${app}/revisions`;
const one = `${collection}/:revision`;

/** Newest first. The last 50 are kept by default. */
export const listAppRevisions = operation({
  id: 'app.revision.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the stored specs of an app, newest first.',
  params: { aid, cid, id },
  query: page(50, 200),
  output: z.object({ revisions: z.array(RevisionSummary), nextCursor: NextCursor }),
});

/** Secret values are marked, and never shown. */
export const showAppRevision = operation({
  id: 'app.revision.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show a stored spec of an app.',
  params: { aid, cid, id, revision },
  output: Revision,
});

/** `revision.not_found` also for a revision `to` that is not stored. */
export const diffAppRevision = operation({
  id: 'app.revision.diff',
  method: 'GET',
  path: `${one}/diff`,
  access: 'read',
  summary: 'Compare two stored specs of an app field by field.',
  params: { aid, cid, id, revision },
  query: DiffTarget,
  output: RevisionDiff,
  examples: {
    output: { from: 3, to: 7, changes: [{ field: 'image', before: 'shop:1.4', after: 'shop:1.5' }] },
  },
});

/** A rollout, as an update is, with the variables, files and links of that revision. */
export const rollBackApp = operation({
  id: 'app.rollback',
  method: 'POST',
  path: `${app}/rollback`,
  access: 'write',
  summary: 'Make the spec of an earlier revision of an app desired again.',
  params: { aid, cid, id },
  query: Force,
  body: Rollback,
  output: RolledBack,
  status: 202,
  errors: ['revision.not_found', 'request.too_large', 'conflict.diverged', 'conflict.data_loss'],
  versioned: true,
  examples: { body: { revision: 3 }, output: { jobId: '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10', kept: [] } },
});
