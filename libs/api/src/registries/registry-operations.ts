import { z } from 'zod';
import { operation, pathParams } from '../operation/operation.js';
import { ChangedRegistry, CreateRegistry, DeletedRegistry, Registry, UpdateRegistry } from './registry-shapes.js';

const { aid, registryId: id } = pathParams;
const collection = '/:aid/registries';
const one = `${collection}/:id`;

/** Without pages: an account has 100 at most. */
export const listRegistries = operation({
  id: 'registry.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the registries of which the account has pull credentials, in the order of their hosts.',
  params: { aid },
  output: z.object({ registries: z.array(Registry) }),
});

/**
 * `request.invalid` on `password` if the registry refuses the credentials, with its words. A registry that cannot be
 * reached is accepted. `registry.exists` with the credentials that the host has.
 */
export const createRegistry = operation({
  id: 'registry.create',
  method: 'POST',
  path: collection,
  access: 'write',
  summary: 'Add credentials with which the apps of the account pull their images from a registry.',
  params: { aid },
  body: CreateRegistry,
  output: ChangedRegistry,
  status: 201,
  errors: ['registry.exists'],
  examples: { body: { host: 'ghcr.io', username: 'acme', password: 'ghp_16C7e42F292c6912E7' } },
});

/** The password is never shown. */
export const showRegistry = operation({
  id: 'registry.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show a registry and the outcome of the check of its credentials.',
  params: { aid, id },
  output: Registry,
});

/**
 * Checked as a creation. A new name alone reaches no app. `conflict.stale` if another request changes what this one keeps
 * of the credentials during the check.
 */
export const updateRegistry = operation({
  id: 'registry.update',
  method: 'PATCH',
  path: one,
  access: 'write',
  summary: 'Change the credentials of a registry. Each app with an image of the registry gets them.',
  params: { aid, id },
  body: UpdateRegistry,
  output: ChangedRegistry,
  errors: ['conflict.stale'],
  examples: { body: { password: 'ghp_5f3b1d0a8c6e4f2907' } },
});

/** Running pods stay until the change of the pod template replaces them. */
export const deleteRegistry = operation({
  id: 'registry.delete',
  method: 'DELETE',
  path: one,
  access: 'write',
  summary: 'Delete the credentials of a registry. Its apps pull their images without any.',
  params: { aid, id },
  output: DeletedRegistry,
  examples: { output: { id: '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d12', host: 'ghcr.io', affectedApps: 3 } },
});
