import { z } from 'zod';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';
import { SizingNumbers } from '../services/service-shapes.js';

const { type } = pathParams;

export const SizingClass = SizingNumbers.extend({
  id: z.string(),
  /** Absent for types without storage. */
  storageMb: z.number().optional(),
  storage: z.enum(['local', 'distributed', 'none']),
});

export const listSizingClasses = operation({
  id: 'service-info.rrc',
  method: 'GET',
  path: '/service-info/:type/rrc',
  access: 'signed-in',
  summary: 'The resource requirement classes of a service type, with their numbers.',
  params: { type },
  output: z.object({ classes: z.array(SizingClass) }),
});

export const listVersions = operation({
  id: 'service-info.versions',
  method: 'GET',
  path: '/service-info/:type/versions',
  access: 'signed-in',
  summary: 'The versions of a service type.',
  params: { type },
  output: z.object({ versions: z.array(z.object({ version: z.string(), default: z.boolean() })) }),
});
