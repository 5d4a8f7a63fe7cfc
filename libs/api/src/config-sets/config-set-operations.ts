import { documentation, Name } from '@runos/catalog-model';
import { z } from 'zod';
import { Timestamp } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';

const { aid, setId } = pathParams;

/** Settings of a service type. Values are strings (`shared_buffers: "256MB"`). */
export const ConfigValues = z.record(z.string().min(1).max(128), z.string().max(4096));

const values = ConfigValues.clone().register(documentation, {
  description: 'All settings by their names, as texts with units.',
});

/** One version of a config set. Versions are immutable and counted from `v1`. */
export const ConfigSet = z.object({
  setId: z.uuid(),
  name: z.string(),
  type: z.string(),
  version: z.string().regex(/^v[1-9][0-9]*$/),
  isLatest: z.boolean(),
  values: ConfigValues,
  createdAt: Timestamp,
});
export type ConfigSet = z.infer<typeof ConfigSet>;

/** `type` is a service type; keys and values must be valid for it. */
export const CreateConfigSet = z.strictObject({
  name: Name.clone().register(documentation, { description: 'Display name.' }),
  type: z.string().min(1).max(40).register(documentation, { description: 'Service type, such as postgresql.' }),
  values,
});
/** All values of the next version; keys that are absent are not taken over. */
export const UpdateConfigSet = z.strictObject({ values });

/** Latest versions only. */
export const listConfigSets = operation({
  id: 'configset.list',
  method: 'GET',
  path: '/:aid/config-sets',
  access: 'read',
  summary: 'List the config sets of the account, each in its latest version.',
  params: { aid },
  output: z.object({ configSets: z.array(ConfigSet) }),
});

export const createConfigSet = operation({
  id: 'configset.create',
  method: 'POST',
  path: '/:aid/config-sets',
  access: 'write',
  summary: 'Create a config set. Its first version is v1.',
  params: { aid },
  body: CreateConfigSet,
  output: ConfigSet,
  status: 201,
  errors: ['type.not_found', 'configset.invalid'],
  examples: { body: { name: 'tuned', type: 'postgresql', values: { shared_buffers: '256MB' } } },
});

export const showConfigSet = operation({
  id: 'configset.show',
  method: 'GET',
  path: '/:aid/config-sets/:setId',
  access: 'read',
  summary: 'Show the latest version of a config set.',
  params: { aid, setId },
  output: ConfigSet,
});

/** Instances keep the version they use. */
export const updateConfigSet = operation({
  id: 'configset.update',
  method: 'PATCH',
  path: '/:aid/config-sets/:setId',
  access: 'write',
  summary: 'Create the next version of a config set, with all its values. Older versions do not change.',
  params: { aid, setId },
  body: UpdateConfigSet,
  output: ConfigSet,
  errors: ['configset.invalid'],
  examples: { body: { values: { shared_buffers: '512MB' } } },
});

/** Every version, without pages. */
export const listConfigSetVersions = operation({
  id: 'configset.versions',
  method: 'GET',
  path: '/:aid/config-sets/:setId/versions',
  access: 'read',
  summary: 'List the versions of a config set, newest first.',
  params: { aid, setId },
  output: z.object({ versions: z.array(ConfigSet) }),
});

/** `configset.in_use` with the instances that use it in any version. */
export const deleteConfigSet = operation({
  id: 'configset.delete',
  method: 'DELETE',
  path: '/:aid/config-sets/:setId',
  access: 'write',
  summary: 'Delete a config set with all its versions.',
  params: { aid, setId },
  output: ConfigSet.pick({ setId: true, name: true }),
  errors: ['configset.in_use'],
  examples: { output: { setId: '4f0c2a1e-6a0e-4f61-9d0e-2b1f6a3c7d55', name: 'tuned' } },
});
