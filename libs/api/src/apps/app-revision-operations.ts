import { operation, pathParams } from '../operation/operation.js';
import { diffRevision, listRevisions, rollBack, showRevision } from '../services/revision-operations.js';

const { aid, cid, appId: id, revision } = pathParams;
const app = '/:aid/:cid/apps/:id';
const collection = `${app}/revisions`;
const one = `${collection}/:revision`;

/** As `listRevisions`. */
export const listAppRevisions = operation({
  ...listRevisions,
  id: 'app.revision.list',
  path: collection,
  summary: 'List the stored specs of an app, newest first.',
  params: { aid, cid, id },
});

/** Secret values are marked, and never shown. */
export const showAppRevision = operation({
  ...showRevision,
  id: 'app.revision.show',
  path: one,
  summary: 'Show a stored spec of an app.',
  params: { aid, cid, id, revision },
});

/** As `diffRevision`. */
export const diffAppRevision = operation({
  ...diffRevision,
  id: 'app.revision.diff',
  path: `${one}/diff`,
  summary: 'Compare two stored specs of an app field by field.',
  params: { aid, cid, id, revision },
  examples: {
    output: { from: 3, to: 7, changes: [{ field: 'image', before: 'shop:1.4', after: 'shop:1.5' }] },
  },
});

/** A rollout, as an update is, with the variables, files and links of that revision. */
export const rollBackApp = operation({
  ...rollBack,
  id: 'app.rollback',
  path: `${app}/rollback`,
  summary: 'Make the spec of an earlier revision of an app desired again.',
  params: { aid, cid, id },
  errors: ['revision.not_found', 'request.too_large', 'conflict.diverged', 'conflict.data_loss'],
  examples: { body: { revision: 3 }, output: { jobId: '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10', kept: [] } },
});
