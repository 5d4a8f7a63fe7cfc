import type { FaultCode } from '@runos/kernel';
import { ChangedSpec, Force } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import { CreatedOverride, OverrideFile, OverrideList } from './override-shapes.js';

const { aid, cid, type, appId, serviceId, overrideId } = pathParams;
const ofApps = '/:aid/:cid/apps/:id/overrides';
const ofServices = '/:aid/:cid/services/:type/:id/overrides';
const appParams = { aid, cid, id: appId };
const serviceParams = { aid, cid, type, id: serviceId };
const write = { status: 202, versioned: true } as const;
const appErrors = ['override.invalid', 'conflict.diverged'] as const satisfies readonly FaultCode[];
const serviceErrors = [...appErrors, 'conflict.data_loss'] as const satisfies readonly FaultCode[];
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';
const exampleOverride = '5c2f7d1e-9a41-4f0e-8b67-2f90c1d4a6e3';
/** `spec: {template: {spec: {terminationGracePeriodSeconds: 90}}}` */
const exampleFile = {
  name: 'grace-period',
  data: 'c3BlYzoge3RlbXBsYXRlOiB7c3BlYzoge3Rlcm1pbmF0aW9uR3JhY2VQZXJpb2RTZWNvbmRzOiA5MH19fQo=',
  enabled: true,
};

/** Every override, also disabled ones. */
export const listAppOverrides = operation({
  id: 'app.override.list',
  method: 'GET',
  path: ofApps,
  access: 'read',
  summary: 'List the overrides of an app in the order in which they are applied.',
  params: appParams,
  output: OverrideList,
  versioned: true,
});

/** A rollout, as an update is. `override.invalid` names the path and the reason. */
export const createAppOverride = operation({
  id: 'app.override.create',
  method: 'POST',
  path: ofApps,
  access: 'write',
  summary: 'Add a file that patches the rendered objects of an app. It is applied after the others.',
  params: appParams,
  body: OverrideFile,
  output: CreatedOverride,
  ...write,
  errors: appErrors,
  examples: { body: exampleFile, output: { overrideId: exampleOverride, jobId: exampleJob } },
});

/** Its place in the order stays. */
export const updateAppOverride = operation({
  id: 'app.override.update',
  method: 'PUT',
  path: `${ofApps}/:overrideId`,
  access: 'write',
  summary: 'Replace an override of an app.',
  params: { ...appParams, overrideId },
  body: OverrideFile,
  output: ChangedSpec,
  ...write,
  errors: appErrors,
  examples: { body: exampleFile, output: { jobId: exampleJob } },
});

/** What it set is rendered without it. */
export const deleteAppOverride = operation({
  id: 'app.override.delete',
  method: 'DELETE',
  path: `${ofApps}/:overrideId`,
  access: 'write',
  summary: 'Delete an override of an app.',
  params: { ...appParams, overrideId },
  output: ChangedSpec,
  ...write,
  errors: appErrors,
});

/** As for apps, but that data may be at risk. */
const ofService = { query: Force, errors: serviceErrors } as const;

/** As `listAppOverrides`. */
export const listServiceOverrides = operation({
  ...listAppOverrides,
  id: 'service.override.list',
  path: ofServices,
  summary: 'List the overrides of a service instance in the order in which they are applied.',
  params: serviceParams,
});

/** As `createAppOverride`. */
export const createServiceOverride = operation({
  ...createAppOverride,
  ...ofService,
  id: 'service.override.create',
  path: ofServices,
  summary: 'Add a file that patches the rendered objects of a service instance. It is applied after the others.',
  params: serviceParams,
});

/** As `updateAppOverride`. */
export const updateServiceOverride = operation({
  ...updateAppOverride,
  ...ofService,
  id: 'service.override.update',
  path: `${ofServices}/:overrideId`,
  summary: 'Replace an override of a service instance.',
  params: { ...serviceParams, overrideId },
});

/** As `deleteAppOverride`. */
export const deleteServiceOverride = operation({
  ...deleteAppOverride,
  ...ofService,
  id: 'service.override.delete',
  path: `${ofServices}/:overrideId`,
  summary: 'Delete an override of a service instance.',
  params: { ...serviceParams, overrideId },
});
