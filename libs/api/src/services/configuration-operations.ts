import { type ConfigKey, ConfigType, describeConfigKey, documentation } from '@runos/catalog-model';
import { serviceTypes } from '@runos/service-types';
import { z } from 'zod';
import { ConfigValues } from '../config-sets/config-set-operations.js';
import { ChangedSpec, Force, JobId } from '../operation/fields.js';
import { operation, pathParams, type Variants } from '../operation/operation.js';

const { aid, cid, type, serviceId: id } = pathParams;
const one = '/:aid/:cid/services/:type/:id';
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';

/** The custom settings of an instance. Without a job, it had them already. */
export const CustomConfiguration = z.object({
  osid: z.string(),
  configType: ConfigType,
  advanced: ConfigValues,
  message: z.string(),
  jobId: JobId.optional(),
});

/** An absent version means the latest. */
export const UpgradeConfigSet = z.strictObject({
  version: z
    .string()
    .regex(/^v[1-9][0-9]{0,8}$/)
    .optional()
    .register(documentation, { description: 'Version of the config set, such as v2. Default: the latest.' }),
});

/** For each type with settings, a text per setting. Other types refuse every setting. */
const settingsOfTypes: Variants = {
  param: 'type',
  forms: Object.fromEntries(
    serviceTypes.flatMap(({ type: name, config }) =>
      config === undefined ? [] : [[name, { body: settingsOf(config.keys) }]],
    ),
  ),
};

/** The types with settings, of which these operations have no other schemas. */
const typesWithSettings: Variants = {
  param: 'type',
  forms: Object.fromEntries(Object.keys(settingsOfTypes.forms).map((name) => [name, {}])),
};

function settingsOf(keys: Readonly<Record<string, ConfigKey>>) {
  const settingOf = (key: ConfigKey) =>
    z
      .string()
      .max(4096)
      .optional()
      .register(documentation, { description: describeConfigKey(key) });
  return z.strictObject(Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, settingOf(key)])));
}

/**
 * A rollout, as an update is. A setting that the service reads only when it starts restarts its pods. `configset.invalid` names every issue of settings with which the service would not start,
 * or the config set that the instance uses. `sizing.invalid` is for settings that exceed its size.
 */
export const setAdvancedConfigs = operation({
  id: 'service.set-advanced-configs',
  method: 'POST',
  path: `${one}/set-advanced-configs`,
  access: 'write',
  summary: 'Change custom settings of an instance. Absent settings keep their values; an empty text removes one.',
  params: { aid, cid, type, id },
  query: Force,
  body: ConfigValues,
  variants: settingsOfTypes,
  output: ChangedSpec,
  status: 202,
  errors: ['configset.invalid', 'sizing.invalid', 'override.invalid', 'conflict.diverged', 'conflict.data_loss'],
  versioned: true,
  examples: { body: { work_mem: '16MB', jit: '' }, output: { jobId: exampleJob } },
});

/** No pod restarts, because the values stay the same. 200 when the settings are custom already. */
export const convertToCustom = operation({
  id: 'service.convert-to-custom',
  method: 'PATCH',
  path: `${one}/convert-to-custom`,
  access: 'write',
  summary: 'Give an instance the values of its config set as custom settings.',
  params: { aid, cid, type, id },
  variants: typesWithSettings,
  output: CustomConfiguration,
  status: 202,
  errors: ['configset.invalid', 'override.invalid', 'conflict.diverged'],
  versioned: true,
  examples: {
    output: {
      osid: 'postgresql-x7k2p',
      configType: 'custom',
      advanced: { shared_buffers: '256MB' },
      message:
        'postgresql-x7k2p has the values of config set 4f0c2a1e-6a0e-4f61-9d0e-2b1f6a3c7d55 v2 as custom settings.',
      jobId: exampleJob,
    },
  },
});

/** A rollout to a newer or an older version. Errors are those of `setAdvancedConfigs`, and `configset.not_found`. */
export const upgradeConfigSet = operation({
  id: 'service.upgrade-config-set',
  method: 'POST',
  path: `${one}/upgrade-config-set`,
  access: 'write',
  summary: 'Move an instance to another version of its config set, by default to the latest.',
  params: { aid, cid, type, id },
  query: Force,
  body: UpgradeConfigSet,
  variants: typesWithSettings,
  output: ChangedSpec,
  status: 202,
  errors: [
    'configset.not_found',
    'configset.invalid',
    'sizing.invalid',
    'override.invalid',
    'conflict.diverged',
    'conflict.data_loss',
  ],
  versioned: true,
  examples: { body: { version: 'v2' }, output: { jobId: exampleJob } },
});
