import type { Cluster, Job, JobLog, Service, UpgradeWave, WorkItem } from '@runos/api';
import type { Principal } from '@runos/contracts';
import type { z } from 'zod';
import { appRepliesOf } from './sample-app.js';
import { changeRepliesOf } from './sample-changes.js';
import { logReplies } from './sample-log.js';
import { nodeReplies } from './sample-node.js';
import { registryReplies } from './sample-registry.js';

const at = '2030-02-11T09:30:00.000Z';
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

export const aid = 'acc01';
export const jobId = uuid(1);
export const setId = uuid(2);
export const upgradeId = uuid(4);

/** The default token of the harness; `principal` is its owner. */
export const token = `runos_pat_${'a'.repeat(12)}.${'s'.repeat(43)}`;

export const principal: Principal = {
  kind: 'pat',
  keyId: 'a'.repeat(12),
  userId: uuid(3),
  email: 'owner@example.com',
  name: 'ci',
  memberships: [{ aid, role: 'owner' }],
  expiresAt: '2999-01-01T00:00:00.000Z',
};

export const job: Job = {
  id: jobId,
  aid,
  cid: 'ky3',
  osid: 'valkey-abcde',
  type: 'service.create',
  status: 'running',
  progress: null,
  currentStep: 'apply',
  reason: null,
  error: null,
  supersededBy: null,
  createdAt: at,
  startedAt: at,
  completedAt: null,
};

export const workItem = (stepNumber: number, status: WorkItem['status']): WorkItem => ({
  id: uuid(100 + stepNumber),
  jobId,
  name: ['validate', 'render', 'deliver', 'apply', 'wait-ready'][stepNumber - 1] ?? 'unknown',
  status,
  stepNumber,
  result: null,
  createdAt: at,
  startedAt: status === 'pending' ? null : at,
  completedAt: status === 'completed' ? at : null,
});

export const logLine = (stepNumber: number, id: number): JobLog => ({
  id: String(id),
  workItemId: uuid(100 + stepNumber),
  level: 'info',
  message: `line ${id}`,
  createdAt: at,
});

/** Nothing is wrong. */
const noReason = { reason: null, message: null };

const cluster: z.input<typeof Cluster> = {
  cid: 'ky3',
  name: 'production',
  status: 'connected',
  ...noReason,
  root: 'example.com',
  domain: 'ky3.acc01.example.com',
  localStorageClass: null,
  distributedStorageClass: null,
  isDefault: true,
  allowedWriters: [],
  agentVersion: '0.1.0',
  lastHeartbeatAt: at,
  generation: 3,
  createdAt: at,
  updatedAt: at,
};

const service: z.input<typeof Service> = {
  id: 'abcde',
  osid: 'valkey-abcde',
  kind: 'service',
  type: 'valkey',
  name: 'cache',
  version: '8.1',
  resourceRequirementClassId: 'valkey.c0.beff',
  replicas: 1,
  cpuRequestMc: 0,
  cpuLimitMc: 500,
  memoryRequestMb: 0,
  memoryLimitMb: 512,
  storageMb: 1024,
  driftPolicy: 'repair',
  allowedWriters: [{ manager: 'autoscaler', kind: 'StatefulSet', fields: ['spec.replicas'] }],
  autoRollback: true,
  configType: 'custom',
  configSetId: null,
  configSetVersion: null,
  status: 'healthy',
  lastKnownStatus: null,
  ...noReason,
  conditions: [],
  generation: 7,
  observedGeneration: 7,
  requires: {},
  hosts: [],
  createdAt: at,
  updatedAt: at,
};

const configSet = {
  setId,
  name: 'tuned',
  type: 'postgresql',
  version: 'v1',
  isLatest: true,
  values: {},
  createdAt: at,
};
const apiKey = { id: principal.keyId, name: 'ci', role: 'member', expiresAt: at } as const;
const wholeKey = {
  ...apiKey,
  createdBy: principal.email,
  createdByKey: null,
  createdAt: at,
  lastUsedAt: null,
  revokedAt: null,
};
const upgradeWave: z.input<typeof UpgradeWave> = {
  id: upgradeId,
  type: 'valkey',
  version: null,
  rendererVersion: 2,
  maxUnavailable: 1,
  state: 'running',
  ...noReason,
  counts: { upToDate: 1, pending: 0, running: 1, completed: 0, failed: 0, skipped: 0 },
  createdBy: principal.email,
  createdAt: at,
  completedAt: null,
};

const upgradePlan = {
  current: { version: '8.1', rendererVersion: 1, image: 'docker.io/valkey/valkey:8.1' },
  target: { version: '8.1', rendererVersion: 2, image: 'docker.io/valkey/valkey:8.1' },
  changes: true,
  restartsPods: false,
};

/** Replies of the other services by subject; one resource of each kind exists. */
export const sampleReplies: Readonly<Record<string, unknown>> = {
  'identity.v1.authenticate': principal,
  'identity.v1.log-in': { token, expiresAt: at, accounts: [{ aid, name: 'Example', role: 'owner' }] },
  'identity.v1.log-out': { loggedOut: true },
  'identity.v1.memberships': {
    accounts: [{ aid, name: 'Example', companyName: 'Example', accountRole: 'owner', isDefault: true }],
  },
  'identity.v1.api-key-list': { apiKeys: [wholeKey] },
  'identity.v1.api-key-create': { ...apiKey, token, warning: 'This is shown once.' },
  'identity.v1.api-key-show': wholeKey,
  'identity.v1.api-key-revoke': { id: apiKey.id, revokedAt: at },
  'catalog.v1.classes': { classes: [] },
  'catalog.v1.versions': { versions: [{ version: '8.1', default: true }] },
  'config-sets.v1.list': { configSets: [configSet] },
  'config-sets.v1.create': configSet,
  'config-sets.v1.show': configSet,
  'config-sets.v1.update': configSet,
  'config-sets.v1.delete': { setId: configSet.setId, name: configSet.name },
  'config-sets.v1.versions': { versions: [configSet] },
  'jobs.v1.list': { jobs: [job], nextCursor: null },
  'jobs.v1.show': job,
  'jobs.v1.workitems': { jobId, workItems: [workItem(1, 'completed'), workItem(2, 'pending')], hasMore: false },
  'jobs.v1.logs': { workItemId: uuid(101), logs: [], nextCursor: null },
  'reconciler.v1.job-cancel': { cancelled: true, status: 'cancelled', message: 'Cancelled.' },
  'reconciler.v1.config-set-values': { jobId },
  'reconciler.v1.config-convert': {
    osid: 'postgresql-x7k2p',
    configType: 'custom',
    advanced: { work_mem: '8MB' },
    message: 'Converted.',
    jobId,
  },
  'reconciler.v1.config-upgrade-set': { jobId },
  'reconciler.v1.cluster-list': { clusters: [cluster] },
  'reconciler.v1.cluster-create': cluster,
  'reconciler.v1.cluster-show': cluster,
  'reconciler.v1.cluster-update': cluster,
  'reconciler.v1.cluster-delete': { jobId },
  'reconciler.v1.cluster-accept': cluster,
  'reconciler.v1.addon-list': {
    addons: [
      {
        name: 'cloudnative-pg',
        title: 'CloudNativePG',
        state: 'missing',
        owner: null,
        version: null,
        neededVersion: '1.27.0',
        neededBy: ['postgresql'],
        installable: false,
        desired: null,
        problem: null,
        jobId: null,
        reportedAt: at,
      },
    ],
  },
  'reconciler.v1.addon-install': { jobId },
  'reconciler.v1.addon-remove': { jobId },
  ...nodeReplies,
  'agent-gateway.v1.token-issue': {
    token: 'runos_reg_x',
    purpose: 'node',
    expiresAt: at,
    command: 'curl',
    caSha256: 'ab',
  },
  'agent-gateway.v1.token-list': {
    registrationTokens: [
      {
        id: principal.keyId,
        purpose: 'node',
        createdBy: `pat:${principal.keyId}`,
        createdAt: at,
        expiresAt: at,
        usedAt: null,
        revokedAt: null,
      },
    ],
  },
  'agent-gateway.v1.token-revoke': { id: principal.keyId, revokedAt: at },
  'reconciler.v1.instance-create': { id: 'abcde', osid: service.osid, name: 'cache', status: 'pending', jobId },
  'reconciler.v1.instance-list': { services: [], nextCursor: null },
  ...appRepliesOf(service, jobId),
  'reconciler.v1.instance-show': service,
  'reconciler.v1.instance-update': { jobId },
  'reconciler.v1.instance-delete': { jobId },
  'reconciler.v1.instance-restart': { osid: service.osid, message: 'Restarting.', jobId },
  'reconciler.v1.instance-upgrade': { jobId },
  'reconciler.v1.instance-accept': { jobId },
  'reconciler.v1.instance-upgrade-plan': upgradePlan,
  'reconciler.v1.instance-status': {
    state: 'healthy',
    ...noReason,
    replicas: { desired: 1, ready: 1 },
  },
  'reconciler.v1.instance-credentials': { host: 'h', port: 6379, username: 'default', password: 'p', url: 'redis://h' },
  ...logReplies,
  'reconciler.v1.instance-events': { events: [], nextCursor: null },
  ...changeRepliesOf(service.osid, jobId),
  'reconciler.v1.upgrade-plan': {
    type: 'valkey',
    rendererVersion: 2,
    counts: { changing: 1, upToDate: 1, blocked: 1 },
    instances: [{ cid: 'ky3', osid: service.osid, ...upgradePlan }],
    blocked: [{ cid: 'ky3', osid: 'valkey-fghij', reason: 'Deleting', message: 'It is being deleted.' }],
    nextCursor: null,
  },
  ...registryReplies,
  'reconciler.v1.upgrade-create': upgradeWave,
  'reconciler.v1.upgrade-list': { upgrades: [upgradeWave], nextCursor: null },
  'reconciler.v1.upgrade-show': {
    ...upgradeWave,
    instances: [
      {
        cid: 'ky3',
        osid: service.osid,
        state: 'running',
        planned: { from: { version: '8.1', rendererVersion: 1 }, to: { version: '8.1', rendererVersion: 2 } },
        jobId,
        ...noReason,
      },
    ],
    nextCursor: null,
  },
  'reconciler.v1.upgrade-cancel': { cancelled: true, state: 'cancelled', message: 'Cancelled.' },
  'reconciler.v1.upgrade-resume': { resumed: true, state: 'running', message: 'Resumed.' },
};
