import type { FaultCode } from '@runos/kernel';
import { app } from '@runos/service-types';
import { z } from 'zod';
import { Accepted, NextCursor, page } from '../operation/fields.js';
import { operation, pathParams } from '../operation/operation.js';
import { acceptService, listServiceEvents, showServiceStatus } from '../services/service-operations.js';
import { CreatedService, RestartedInstance, UpdatedService } from '../services/service-shapes.js';
import { App, AppArchives, AppSummary, MergeFields } from './app-shapes.js';

const { aid, cid, appId: id } = pathParams;
const collection = '/:aid/:cid/apps';
const one = `${collection}/:id`;
const exampleJob = '0198c5a0-7b1e-7c52-9d2f-3f1b8a6e4d10';
const sizeErrors = ['class.unknown', 'sizing.invalid'] as const satisfies readonly FaultCode[];

/** In order of creation, at most 1,000 per page. */
export const listApps = operation({
  id: 'app.list',
  method: 'GET',
  path: collection,
  access: 'read',
  summary: 'List the apps of a cluster.',
  params: { aid, cid },
  query: page(500, 1000),
  output: z.object({ apps: z.array(AppSummary), nextCursor: NextCursor }),
});

/** Returns as soon as the desired spec is stored; the agent applies it later. `conflict.deleting` while its cluster is deleted. */
export const createApp = operation({
  id: 'app.create',
  method: 'POST',
  path: collection,
  access: 'write',
  summary: 'Create an app from an image. The job completes when its pods are ready.',
  params: { aid, cid },
  body: app.inputs.create,
  output: CreatedService,
  status: 202,
  errors: [...sizeErrors, 'conflict.deleting'],
  examples: {
    body: { name: 'shop', image: 'ghcr.io/acme/shop:1.4', servicePortMappings: [{ port: 8080 }] },
    output: { id: 'k3v9q', osid: 'app-k3v9q', name: 'shop', status: 'pending', jobId: exampleJob },
  },
});

/** The ETag is the generation. */
export const showApp = operation({
  id: 'app.show',
  method: 'GET',
  path: one,
  access: 'read',
  summary: 'Show an app: its desired spec and its live state.',
  params: { aid, cid, id },
  output: App,
  versioned: true,
});

/** 202 with a job, or 200 when nothing differs or only the name changes. A newer rollout supersedes the open one. */
export const updateApp = operation({
  id: 'app.update',
  method: 'PATCH',
  path: one,
  access: 'write',
  summary: 'Update the desired spec of an app.',
  params: { aid, cid, id },
  query: MergeFields,
  command: { setByClients: ['merge'] },
  body: app.inputs.update,
  output: UpdatedService,
  status: 202,
  errors: [...sizeErrors, 'override.invalid', 'conflict.diverged'],
  versioned: true,
  examples: { body: { image: 'ghcr.io/acme/shop:1.5' }, output: { jobId: exampleJob } },
});

/** `app.in_use` with the dependents. */
export const deleteApp = operation({
  id: 'app.delete',
  method: 'DELETE',
  path: one,
  access: 'write',
  summary: 'Delete an app with its namespace and everything in it.',
  params: { aid, cid, id },
  output: Accepted,
  status: 202,
  errors: ['app.in_use', 'conflict.diverged'],
  versioned: true,
});

/** While a job of the app is open, the restart is queued; only a deletion supersedes it. */
export const restartApp = operation({
  id: 'app.restart',
  method: 'PATCH',
  path: `${one}/restart`,
  access: 'write',
  summary: 'Restart the pods of an app by its deployment strategy.',
  params: { aid, cid, id },
  output: RestartedInstance,
  status: 202,
  errors: ['override.invalid', 'conflict.diverged'],
  versioned: true,
});

/** As `acceptService`; `app.in_use` when the cluster deletes an app that others need. */
export const acceptApp = operation({
  ...acceptService,
  id: 'app.accept',
  path: `${one}/accept`,
  summary: 'Decide which spec of a diverged app is desired: that of the control plane or that of the cluster.',
  params: { aid, cid, id },
  errors: ['override.invalid', 'conflict.diverged', 'app.in_use', 'conflict.data_loss'],
});

/** The part of `showApp` that a client polls. */
export const showAppStatus = operation({
  ...showServiceStatus,
  id: 'app.status',
  path: `${one}/status`,
  summary: 'Show the state of an app.',
  params: { aid, cid, id },
});

/** At most 200 events per page. */
export const listAppEvents = operation({
  ...listServiceEvents,
  id: 'app.events',
  path: `${one}/events`,
  summary: 'List the events of an app, newest first: drift, repairs, changes of state.',
  params: { aid, cid, id },
});

/** Existing clients compare their sources with these archives. RunOS receives no sources, so that there are none. */
export const listAppArchives = operation({
  id: 'app.cli-archives',
  method: 'GET',
  path: `${one}/cli-archives`,
  access: 'read',
  summary: 'List the source archives of an app. An app runs an image, so it has none.',
  params: { aid, cid, id },
  output: AppArchives,
});
