import { ConfigSet, ConfigValues, CreateConfigSet } from '@runos/api';
import { z } from 'zod';
import { request } from '../contract.js';
import { Idempotency } from '../write-options.js';

const answered = { owner: 'config-sets', scope: 'tenant', deadlineMs: 4_000 } as const;
const fromGateway = { ...answered, callers: ['gateway'] } as const;

export const listConfigSets = request({
  ...fromGateway,
  subject: 'config-sets.v1.list',
  input: z.object({}),
  output: z.object({ configSets: z.array(ConfigSet) }),
  idempotent: true,
});

export const createConfigSet = request({
  ...fromGateway,
  subject: 'config-sets.v1.create',
  input: z.object({ set: CreateConfigSet, idempotency: Idempotency.optional() }),
  output: ConfigSet,
  idempotent: false,
});

export const showConfigSet = request({
  ...fromGateway,
  subject: 'config-sets.v1.show',
  input: z.object({ setId: z.uuid() }),
  output: ConfigSet,
  idempotent: true,
});

export const updateConfigSet = request({
  ...fromGateway,
  subject: 'config-sets.v1.update',
  input: z.object({ setId: z.uuid(), values: ConfigValues, idempotency: Idempotency.optional() }),
  output: ConfigSet,
  idempotent: false,
});

export const listConfigSetVersions = request({
  ...fromGateway,
  subject: 'config-sets.v1.versions',
  input: z.object({ setId: z.uuid() }),
  output: z.object({ versions: z.array(ConfigSet) }),
  idempotent: true,
});

/** One version (the current one unless named) for an instance of that type to pin. */
export const resolveConfigSet = request({
  ...answered,
  callers: ['reconciler'],
  subject: 'config-sets.v1.resolve',
  input: z.object({ setId: z.uuid(), type: z.string(), version: z.string().optional() }),
  output: ConfigSet,
  idempotent: true,
});
