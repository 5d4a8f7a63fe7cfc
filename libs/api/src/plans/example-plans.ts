import type { ChangePlan, PlannedObject } from './plan-shapes.js';

type Change = ChangePlan['changes'][number];

const objectOf = (osid: string, kind: string, fields: Partial<PlannedObject>): PlannedObject => ({
  apiVersion: 'apps/v1',
  kind,
  namespace: osid,
  name: osid,
  action: 'changed',
  message: null,
  tried: true,
  changes: [],
  ...fields,
});

/** A plan that the cluster has tried, which changes one field for the user and one of an object. */
const planWith = (osid: string, kind: string, change: Change, inObject: Change): ChangePlan => ({
  osid,
  noOp: false,
  changes: [change],
  name: null,
  restartsPods: true,
  queued: false,
  supersedes: [],
  source: 'cluster',
  reason: null,
  message: null,
  planNamespace: null,
  objects: [objectOf(osid, kind, { changes: [inObject] })],
});

const app = 'app-k3v9q';
const database = 'postgresql-x7k2p';
const container = 'spec.template.spec.containers[name=app]';
const digest = 'spec.template.metadata.annotations.runos.com/environment';
const newDigest: Change = { field: digest, before: '41d0c2', after: '9ab3f7' };

export const imageChange = planWith(
  app,
  'Deployment',
  { field: 'image', before: 'shop:1.4', after: 'shop:1.5' },
  { field: `${container}.image`, before: 'shop:1.4', after: 'shop:1.5' },
);

export const variableChange = planWith(
  app,
  'Deployment',
  { field: 'env.MODE', before: 'slow', after: 'fast' },
  newDigest,
);

export const secretChange = planWith(
  app,
  'Deployment',
  { field: 'secretEnv.TOKEN', before: 'secret 5f3a91c2', after: 'secret 0b77d4e8' },
  newDigest,
);

export const overrideChange = planWith(
  app,
  'Deployment',
  {
    field: 'overrides.5c2f7d1e-9a41-4f0e-8b67-2f90c1d4a6e3',
    before: null,
    after: { name: 'grace-period', enabled: true, md5: '6f1ed002ab5595859014ebf0951522d9' },
  },
  { field: 'spec.template.spec.terminationGracePeriodSeconds', before: 30, after: 90 },
);

export const settingChange = planWith(
  database,
  'Cluster',
  { field: 'advanced.work_mem', before: '8MB', after: '16MB' },
  { field: 'spec.postgresql.parameters.work_mem', before: '8MB', after: '16MB' },
);

export const creation: ChangePlan = {
  ...imageChange,
  osid: null,
  changes: [{ field: 'image', before: null, after: 'shop:1.4' }],
  name: { before: null, after: 'shop' },
  restartsPods: false,
  planNamespace: 'runos-plan',
  objects: [objectOf(app, 'Deployment', { action: 'created' })],
};

export const deletion: ChangePlan = {
  ...imageChange,
  changes: [{ field: 'image', before: 'shop:1.4', after: null }],
  source: 'desired',
  reason: 'Deletion',
  message: `The namespace ${app} is deleted with everything in it; the cluster does not try this.`,
  objects: [objectOf(app, 'Deployment', { action: 'deleted', tried: false })],
};
