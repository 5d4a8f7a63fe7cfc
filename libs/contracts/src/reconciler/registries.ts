import { ChangedRegistry, CreateRegistry, DeletedRegistry, Registry, UpdateRegistry } from '@runos/api';
import { z } from 'zod';
import { Idempotency, request } from '../contract.js';
import { fromGateway } from './from-gateway.js';

const id = z.uuid();
const idempotency = Idempotency.optional();

/** Longer than other writes take, because the registry is called. */
const write = { ...fromGateway, deadlineMs: 7_500, idempotent: false } as const;

export const listRegistries = request({
  ...fromGateway,
  subject: 'reconciler.v1.registry-list',
  input: z.object({}),
  output: z.object({ registries: z.array(Registry) }),
  idempotent: true,
});

export const showRegistry = request({
  ...fromGateway,
  subject: 'reconciler.v1.registry-show',
  input: z.object({ id }),
  output: Registry,
  idempotent: true,
});

export const createRegistry = request({
  ...write,
  subject: 'reconciler.v1.registry-create',
  input: z.object({ ...CreateRegistry.shape, idempotency }),
  output: ChangedRegistry,
});

export const updateRegistry = request({
  ...write,
  subject: 'reconciler.v1.registry-update',
  input: z.object({ id, change: UpdateRegistry, idempotency }),
  output: ChangedRegistry,
});

export const deleteRegistry = request({
  ...write,
  subject: 'reconciler.v1.registry-delete',
  input: z.object({ id, idempotency }),
  output: DeletedRegistry,
});
