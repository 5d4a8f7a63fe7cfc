import { DiffTarget, listRevisions, Revision, RevisionDiff, Rollback, RolledBack } from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';
import { fromGateway, instanceName, triedFromGateway } from './from-gateway.js';
import { plannable } from './plans.js';

const revision = z.int();

export const listInstanceRevisions = request({
  ...fromGateway,
  subject: 'reconciler.v1.revision-list',
  input: z.object({ ...instanceName, limit: z.int(), cursor: z.string().optional() }),
  output: listRevisions.output,
  idempotent: true,
});

export const showInstanceRevision = request({
  ...fromGateway,
  subject: 'reconciler.v1.revision-show',
  input: z.object({ ...instanceName, revision }),
  output: Revision,
  idempotent: true,
});

export const diffInstanceRevision = request({
  ...fromGateway,
  subject: 'reconciler.v1.revision-diff',
  input: z.object({ ...instanceName, revision, ...DiffTarget.shape }),
  output: RevisionDiff,
  idempotent: true,
});

export const rollBackInstance = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.revision-roll-back',
  input: z.object({ ...instanceName, ...Rollback.shape, force: z.boolean().optional(), ...WriteOptions }),
  output: RolledBack,
  idempotent: false,
});
