import { ChangedOverride, CreatedOverride, OverrideFile, OverrideList } from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';

const fromGateway = { owner: 'reconciler', callers: ['gateway'], scope: 'tenant', deadlineMs: 5_000 } as const;

/** Names one service or app: `id` is the five characters or the whole OSID. */
const instanceName = { cid: z.string(), type: z.string(), id: z.string() };
const write = { ...instanceName, force: z.boolean().optional(), ...WriteOptions };

export const listOverrides = request({
  ...fromGateway,
  subject: 'reconciler.v1.override-list',
  input: z.object(instanceName),
  output: OverrideList,
  idempotent: true,
});

export const createOverride = request({
  ...fromGateway,
  subject: 'reconciler.v1.override-create',
  input: z.object({ ...write, file: OverrideFile }),
  output: CreatedOverride,
  idempotent: false,
});

export const updateOverride = request({
  ...fromGateway,
  subject: 'reconciler.v1.override-update',
  input: z.object({ ...write, overrideId: z.string(), file: OverrideFile }),
  output: ChangedOverride,
  idempotent: false,
});

export const deleteOverride = request({
  ...fromGateway,
  subject: 'reconciler.v1.override-delete',
  input: z.object({ ...write, overrideId: z.string() }),
  output: ChangedOverride,
  idempotent: false,
});
