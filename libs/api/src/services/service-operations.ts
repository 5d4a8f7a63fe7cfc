import type { ServiceType } from '@runos/catalog-model';
import type { FaultCode } from '@runos/kernel';
import { serviceTypes } from '@runos/service-types';
import { z } from 'zod';
import { Accepted, ChangedSpec, Force, NextCursor, page } from '../operation/fields.js';
import { operation, pathParams, type Variant, type Variants } from '../operation/operation.js';
import {
  AcceptDesired,
  CreatedService,
  Credentials,
  RestartedInstance,
  Service,
  ServiceEvents,
  ServiceFields,
  ServiceStatus,
  ServiceSummary,
  UpdatedService,
  Upgrade,
  UpgradePlan,
} from './service-shapes.js';

const { aid, cid, type, serviceId: id } = pathParams;

/** The forms that an operation has for each service type. */
const byType = (formOf: (type: ServiceType) => Variant): Variants => ({
  param: 'type',
  forms: Object.fromEntries(serviceTypes.map((each) => [each.type, formOf(each)])),
});

const sizeErrors = ['class.unknown', 'sizing.invalid'] as const satisfies readonly FaultCode[];
const creationErrors = [...sizeErrors, 'conflict.deleting'] as const satisfies readonly FaultCode[];
const configSetErrors = ['configset.not_found', 'configset.invalid'] as const satisfies readonly FaultCode[];
const addonErrors = ['addon.missing'] as const satisfies readonly FaultCode[];

const creationOf = ({ inputs, config, addons }: ServiceType): Variant => ({
  body: inputs.create,
  errors: [
    ...creationErrors,
    ...(config === undefined ? [] : configSetErrors),
    ...(addons.length === 0 ? [] : addonErrors),
  ],
});

const ServiceList = z.object({ services: z.array(ServiceSummary), nextCursor: NextCursor });
const collection = '/:aid/:cid/services';
const one = `${collection}/:type/:id`;
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';

/** In order of creation, at most 1,000 per page. */
export const listServices = operation({
  id: 'service.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the service instances of a cluster.',
  params: { aid, cid },
  query: page(500, 1000),
  output: ServiceList,
});

/** As `listServices`, for one type. */
export const listServicesOfType = operation({
  id: 'service.list-of-type',
  method: 'GET',
  path: `${collection}/:type`,
  access: 'read',
  summary: 'List the instances of one service type in a cluster.',
  params: { aid, cid, type },
  query: page(500, 1000),
  output: ServiceList,
});

/**
 * Returns as soon as the desired spec is stored; the agent applies it later. `conflict.deleting` while its cluster is
 * deleted, or an add-on that it needs is removed; `addon.missing` with the add-ons that the cluster lacks.
 */
export const createService = operation({
  id: 'service.create',
  method: 'POST',
  path: `${collection}/:type`,
  access: 'write',
  summary: 'Create a service instance. The job completes when it is ready.',
  params: { aid, cid, type },
  body: ServiceFields,
  variants: byType(creationOf),
  output: CreatedService,
  status: 202,
  errors: [...creationErrors, ...configSetErrors, ...addonErrors],
  examples: {
    body: { name: 'orders', resourceRequirementClassId: 'postgresql.c0.beff' },
    output: { id: 'x7k2p', osid: 'postgresql-x7k2p', name: 'orders', status: 'pending', jobId: exampleJob },
  },
});

/** The ETag is the generation. */
export const showService = operation({
  id: 'service.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show an instance: its desired spec and its live state.',
  params: { aid, cid, type, id },
  output: Service,
  versioned: true,
});

/**
 * 202 with a job, or 200 when nothing differs or only the name changes. A newer rollout supersedes the open
 * one; behind a running action it is queued. `conflict.data_loss` while a claim or volume is being deleted, if the update
 * would replace or remove pods.
 */
export const updateService = operation({
  id: 'service.update',
  method: 'PATCH',
  path: one,
  access: 'write',
  summary: 'Update the desired spec of an instance. Absent fields keep their values.',
  params: { aid, cid, type, id },
  query: Force,
  body: ServiceFields,
  variants: byType(({ inputs }) => ({ body: inputs.update })),
  output: UpdatedService,
  status: 202,
  errors: [...sizeErrors, 'override.invalid', 'conflict.diverged', 'conflict.data_loss'],
  versioned: true,
  examples: {
    body: { cpuLimitMc: 1500 },
    output: { jobId: exampleJob, rrcFlipHint: 'cpuLimitMc is 1500, not 1000: the class is custom now.' },
  },
});

/** Data is lost. `service.in_use` with the dependents. */
export const deleteService = operation({
  id: 'service.delete',
  method: 'DELETE',
  path: one,
  access: 'write',
  summary: 'Delete an instance with its namespace and everything in it.',
  params: { aid, cid, type, id },
  output: Accepted,
  status: 202,
  errors: ['service.in_use', 'conflict.diverged'],
  versioned: true,
});

/**
 * The desired spec keeps its values. While a job of the instance is open, the restart is queued; only a deletion
 * supersedes it. `conflict.data_loss` while a claim or volume is being deleted.
 */
export const restartService = operation({
  id: 'service.restart',
  method: 'PATCH',
  path: `${one}/restart`,
  access: 'write',
  summary: 'Restart the pods of an instance, one after another.',
  params: { aid, cid, type, id },
  query: Force,
  output: RestartedInstance,
  status: 202,
  errors: ['override.invalid', 'conflict.diverged', 'conflict.data_loss'],
  versioned: true,
});

/** What an upgrade would change, for `version` or else the current version; nothing is written. */
export const planUpgrade = operation({
  id: 'service.upgrade.plan',
  command: { path: 'services/:type/{id}/plan-upgrade' },
  method: 'GET',
  path: `${one}/upgrade`,
  access: 'read',
  summary: 'Plan the upgrade of an instance to the newest renderer.',
  params: { aid, cid, type, id },
  query: Upgrade,
  output: UpgradePlan,
});

/**
 * 202 with a job, or 200 when nothing differs. A rollout, as an update is. `request.invalid` also for a version that is
 * not offered or older than the current one. `conflict.data_loss` as for an update.
 */
export const upgradeService = operation({
  id: 'service.upgrade',
  method: 'POST',
  path: `${one}/upgrade`,
  access: 'write',
  summary: 'Upgrade an instance to the newest renderer, and to a newer version of its service.',
  params: { aid, cid, type, id },
  query: Force,
  body: Upgrade,
  output: ChangedSpec,
  status: 202,
  errors: ['override.invalid', 'conflict.diverged', 'conflict.data_loss'],
  versioned: true,
  examples: { body: { version: '17' }, output: { jobId: exampleJob } },
});

/**
 * For an instance with the condition `Diverged`: the cluster agent stores a revision that the control plane does not
 * know, because its database was restored. The revision and the generation become higher than those of the agent.
 * `conflict.diverged` when the spec of the cluster is not known. `service.in_use` when the cluster deletes an instance
 * that others need. `unavailable` when the agent has to name it and is disconnected. `conflict.data_loss` while a claim
 * or volume is being deleted, if the spec of the plane is desired: it may differ from what runs. 200 when the instance
 * has not diverged.
 */
export const acceptService = operation({
  id: 'service.accept',
  method: 'POST',
  path: `${one}/accept`,
  access: 'write',
  summary: 'Decide which spec of a diverged instance is desired: that of the control plane or that of the cluster.',
  params: { aid, cid, type, id },
  query: Force,
  body: AcceptDesired,
  output: ChangedSpec,
  status: 202,
  errors: ['override.invalid', 'conflict.diverged', 'service.in_use', 'conflict.data_loss'],
  versioned: true,
  examples: { body: { desired: 'plane' }, output: { jobId: exampleJob } },
});

/** The part of `showService` that a client polls. */
export const showServiceStatus = operation({
  id: 'service.status',
  method: 'GET',
  path: `${one}/status`,
  access: 'read',
  summary: 'Show the state of an instance.',
  params: { aid, cid, type, id },
  output: ServiceStatus,
});

/** Credentials are generated once, at the creation of the instance, and are stored encrypted. */
export const showCredentials = operation({
  id: 'service.credentials',
  method: 'GET',
  path: `${one}/credentials`,
  access: 'sensitive_read',
  summary: 'Show the credentials of an instance. An audit entry is written before the response.',
  params: { aid, cid, type, id },
  output: Credentials,
  variants: byType(({ credentials }) => ({ output: credentials.schema, example: credentials.example })),
});

/** At most 200 events per page. */
export const listServiceEvents = operation({
  id: 'service.events',
  method: 'GET',
  path: `${one}/events`,
  access: 'read',
  summary: 'List the events of an instance, newest first: drift, repairs, data loss, changes of state.',
  params: { aid, cid, type, id },
  query: page(50, 200),
  output: ServiceEvents,
});
