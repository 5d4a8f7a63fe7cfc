import { z } from 'zod';
import { Name, Timestamp } from '../field.js';
import { operation } from '../operation.js';
import { pathParams } from '../path-params.js';

const { aid, setId } = pathParams;

/** Keys and values as the service type understands them; values are strings (`shared_buffers: "256MB"`). */
export const ConfigValues = z.record(z.string().min(1).max(128), z.string().max(4096));

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

export const CreateConfigSet = z.strictObject({ name: Name, type: z.string().min(1).max(40), values: ConfigValues });
export const UpdateConfigSet = z.strictObject({ values: ConfigValues });

export const listConfigSets = operation({
  id: 'configset.list',
  method: 'GET',
  path: '/:aid/config-sets',
  access: 'read',
  summary: 'The config sets of the account, each in its current version.',
  params: { aid },
  output: z.object({ configSets: z.array(ConfigSet) }),
});

export const createConfigSet = operation({
  id: 'configset.create',
  method: 'POST',
  path: '/:aid/config-sets',
  access: 'write',
  summary: 'Make a config set; its first version is v1.',
  params: { aid },
  body: CreateConfigSet,
  output: ConfigSet,
  status: 201,
  examples: { body: { name: 'tuned', type: 'postgresql', values: { shared_buffers: '256MB' } } },
});

export const showConfigSet = operation({
  id: 'configset.show',
  method: 'GET',
  path: '/:aid/config-sets/:setId',
  access: 'read',
  summary: 'The current version of a config set.',
  params: { aid, setId },
  output: ConfigSet,
});

export const updateConfigSet = operation({
  id: 'configset.update',
  method: 'PATCH',
  path: '/:aid/config-sets/:setId',
  access: 'write',
  summary: 'Make the next version of a config set, with all its values; older versions stay as they are.',
  params: { aid, setId },
  body: UpdateConfigSet,
  output: ConfigSet,
  examples: { body: { values: { shared_buffers: '512MB' } } },
});

export const listConfigSetVersions = operation({
  id: 'configset.versions',
  method: 'GET',
  path: '/:aid/config-sets/:setId/versions',
  access: 'read',
  summary: 'Every version of a config set, newest first.',
  params: { aid, setId },
  output: z.object({ versions: z.array(ConfigSet) }),
});
