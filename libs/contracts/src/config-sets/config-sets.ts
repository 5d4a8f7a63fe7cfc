import { ConfigSet, ConfigValues, CreateConfigSet } from '@runos/api';
import { z } from 'zod';
import { Idempotency, request } from '../contract.js';

const tenantRequest = { owner: 'config-sets', scope: 'tenant', deadlineMs: 4_000 } as const;
const gatewayRequest = { ...tenantRequest, callers: ['gateway'] } as const;

export const listConfigSets = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.list',
  input: z.object({}),
  output: z.object({ configSets: z.array(ConfigSet) }),
  idempotent: true,
});

export const createConfigSet = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.create',
  input: z.object({ set: CreateConfigSet, idempotency: Idempotency.optional() }),
  output: ConfigSet,
  idempotent: false,
});

export const showConfigSet = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.show',
  input: z.object({ setId: z.uuid() }),
  output: ConfigSet,
  idempotent: true,
});

export const updateConfigSet = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.update',
  input: z.object({ setId: z.uuid(), values: ConfigValues, idempotency: Idempotency.optional() }),
  output: ConfigSet,
  idempotent: false,
});

export const listConfigSetVersions = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.versions',
  input: z.object({ setId: z.uuid() }),
  output: z.object({ versions: z.array(ConfigSet) }),
  idempotent: true,
});

/** @throws Fault `configset.in_use` with the instances that use it */
export const deleteConfigSet = request({
  ...gatewayRequest,
  subject: 'config-sets.v1.delete',
  input: z.object({ setId: z.uuid() }),
  output: ConfigSet.pick({ setId: true, name: true }),
  deadlineMs: 8_000,
  idempotent: false,
});

/** The version (default: the current one) that an instance of this type pins. */
export const resolveConfigSet = request({
  ...tenantRequest,
  callers: ['reconciler'],
  subject: 'config-sets.v1.resolve',
  input: z.object({ setId: z.uuid(), type: z.string(), version: z.string().optional() }),
  output: ConfigSet,
  idempotent: true,
});
