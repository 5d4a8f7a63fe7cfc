import { ChangedSpec, ChangeEnvironment, SecretFile, SecretFileList, ShownVariables } from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';
import { fromGateway, triedFromGateway, versionedOf } from './from-gateway.js';
import { plannable } from './plans.js';

/** Names one app: `id` is the five characters or the whole OSID. */
const appName = { cid: z.string(), id: z.string() };
const read = { ...fromGateway, idempotent: true } as const;

export const showVariables = request({
  ...read,
  subject: 'reconciler.v1.app-variables',
  input: z.object(appName),
  output: versionedOf(ShownVariables),
});

export const showSecretVariables = request({
  ...read,
  subject: 'reconciler.v1.app-secret-variables',
  input: z.object(appName),
  output: versionedOf(ShownVariables),
});

export const listSecretFiles = request({
  ...read,
  subject: 'reconciler.v1.app-secret-files',
  input: z.object(appName),
  output: versionedOf(SecretFileList),
});

export const showSecretFile = request({
  ...read,
  subject: 'reconciler.v1.app-secret-file',
  input: z.object({ ...appName, filename: z.string() }),
  output: versionedOf(SecretFile),
});

/** `allowEmpty`: all variables that are not secret may be removed. `allowDrop` concerns the secret ones. */
export const changeEnvironment = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.app-environment-change',
  input: z.object({
    ...appName,
    change: ChangeEnvironment.extend({ allowEmpty: z.boolean().optional() }),
    ...WriteOptions,
  }),
  output: ChangedSpec,
  idempotent: false,
});
