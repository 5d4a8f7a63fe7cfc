import { createApp, updateApp } from '../apps/app-operations.js';
import { operation } from '../operation/operation.js';
import { createService, updateService } from '../services/service-operations.js';
import { ChangePlan, type PlannedObject } from './plan-shapes.js';

const changed: PlannedObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'app-k3v9q',
  name: 'app-k3v9q',
  action: 'changed',
  message: null,
  tried: true,
  changes: [{ field: 'spec.template.spec.containers[name=app].image', before: 'shop:1.4', after: 'shop:1.5' }],
};
const update: ChangePlan = {
  osid: 'app-k3v9q',
  noOp: false,
  changes: [{ field: 'image', before: 'shop:1.4', after: 'shop:1.5' }],
  name: null,
  restartsPods: true,
  queued: false,
  supersedes: [],
  source: 'cluster',
  reason: null,
  message: null,
  planNamespace: null,
  objects: [changed],
};
const creation: ChangePlan = {
  ...update,
  osid: null,
  changes: [{ field: 'image', before: null, after: 'shop:1.4' }],
  name: { before: null, after: 'shop' },
  restartsPods: false,
  planNamespace: 'runos-plan',
  objects: [{ ...changed, action: 'created', changes: [] }],
};

/** A plan needs no more than the right to read: it shows what reads show, and values of Secrets are hidden. */
const plan = { access: 'read', output: ChangePlan, status: 200 } as const;

/** As `createApp`, which it does not do. */
export const planAppCreation = operation({
  ...createApp,
  ...plan,
  id: 'app.create.plan',
  path: `${createApp.path}/plan`,
  summary: 'Plan the creation of an app by a dry run on the cluster. Nothing is written.',
  examples: { body: createApp.examples?.body, output: creation },
});

/** As `updateApp`, which it does not do. */
export const planAppUpdate = operation({
  ...updateApp,
  ...plan,
  method: 'POST',
  id: 'app.update.plan',
  path: `${updateApp.path}/plan`,
  summary: 'Plan an update of an app by a dry run on the cluster. Nothing is written.',
  examples: { body: updateApp.examples?.body, output: update },
});

/** As `createService`, which it does not do. */
export const planServiceCreation = operation({
  ...createService,
  ...plan,
  id: 'service.create.plan',
  path: `${createService.path}/plan`,
  summary: 'Plan the creation of a service instance by a dry run on the cluster. Nothing is written.',
  examples: { body: createService.examples?.body, output: creation },
});

/** As `updateService`, which it does not do. */
export const planServiceUpdate = operation({
  ...updateService,
  ...plan,
  method: 'POST',
  id: 'service.update.plan',
  path: `${updateService.path}/plan`,
  summary: 'Plan an update of an instance by a dry run on the cluster. Nothing is written.',
  examples: { body: updateService.examples?.body, output: update },
});
