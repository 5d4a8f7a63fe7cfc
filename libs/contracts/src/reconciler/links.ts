import { Dependencies, Dependents, ShownLinks } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';

const read = {
  owner: 'reconciler',
  callers: ['gateway'],
  scope: 'tenant',
  deadlineMs: 5_000,
  idempotent: true,
} as const;

/** Names one instance: `id` is the five characters or the whole OSID. */
const instanceName = { cid: z.string(), type: z.string(), id: z.string() };

export const showLinks = request({
  ...read,
  subject: 'reconciler.v1.app-links',
  input: z.object({ cid: z.string(), id: z.string() }),
  output: ShownLinks,
});

export const listDependencies = request({
  ...read,
  subject: 'reconciler.v1.instance-dependencies',
  input: z.object(instanceName),
  output: Dependencies,
});

export const listDependents = request({
  ...read,
  subject: 'reconciler.v1.instance-dependents',
  input: z.object(instanceName),
  output: Dependents,
});
