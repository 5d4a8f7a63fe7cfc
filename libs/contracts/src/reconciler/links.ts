import { Dependencies, Dependents, ShownLinks } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';
import { fromGateway, instanceName, versionedOf } from './from-gateway.js';

const read = { ...fromGateway, idempotent: true } as const;

export const showLinks = request({
  ...read,
  subject: 'reconciler.v1.app-links',
  input: z.object({ cid: z.string(), id: z.string() }),
  output: versionedOf(ShownLinks),
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
