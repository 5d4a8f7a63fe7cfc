import { z } from 'zod';
import { operation, pathParams } from '../operation/operation.js';
import { SizingNumbers, StorageMb } from '../services/service-shapes.js';

const { type } = pathParams;

/** A class and its numbers: the defaults of instances that name it. */
export const SizingClass = SizingNumbers.extend({
  id: z.string(),
  /** Absent for types without storage. */
  storageMb: StorageMb.optional(),
  storage: z.enum(['local', 'distributed', 'none']),
});

export const listSizingClasses = operation({
  id: 'service-info.rrc',
  method: 'GET',
  path: '/service-info/:type/rrc',
  access: 'signed-in',
  summary: 'List the resource requirement classes of a service type with their numbers.',
  params: { type },
  output: z.object({ classes: z.array(SizingClass) }),
});

/** Exactly one version is the default. */
export const listVersions = operation({
  id: 'service-info.versions',
  method: 'GET',
  path: '/service-info/:type/versions',
  access: 'signed-in',
  summary: 'List the versions of a service type.',
  params: { type },
  output: z.object({ versions: z.array(z.object({ version: z.string(), default: z.boolean() })) }),
});
