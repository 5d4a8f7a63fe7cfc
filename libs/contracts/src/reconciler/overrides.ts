import { ChangedSpec, CreatedOverride, OverrideFile, OverrideList } from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';
import { fromGateway, instanceName, triedFromGateway, versionedOf } from './from-gateway.js';
import { plannable } from './plans.js';

const write = { ...instanceName, force: z.boolean().optional(), ...WriteOptions };

export const listOverrides = request({
  ...fromGateway,
  subject: 'reconciler.v1.override-list',
  input: z.object(instanceName),
  output: versionedOf(OverrideList),
  idempotent: true,
});

export const createOverride = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.override-create',
  input: z.object({ ...write, file: OverrideFile }),
  output: CreatedOverride,
  idempotent: false,
});

export const updateOverride = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.override-update',
  input: z.object({ ...write, overrideId: z.string(), file: OverrideFile }),
  output: ChangedSpec,
  idempotent: false,
});

export const deleteOverride = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.override-delete',
  input: z.object({ ...write, overrideId: z.string() }),
  output: ChangedSpec,
  idempotent: false,
});
