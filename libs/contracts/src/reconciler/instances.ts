import {
  AcceptDesired,
  App,
  AppSummary,
  Accepted,
  ChangedSpec,
  ConfigValues,
  CreatedService,
  Credentials,
  CustomConfiguration,
  RestartedInstance,
  Service,
  ServiceEvents,
  ServiceFields,
  ServiceStatus,
  ServiceSummary,
  UpdatedService,
  Upgrade,
  UpgradeConfigSet,
  UpgradePlan,
} from '@runos/api';
import { z } from 'zod';
import { request, WriteOptions } from '../contract.js';
import { fromGateway, instanceName, page, triedFromGateway } from './from-gateway.js';
import { plannable } from './plans.js';

/** Accept a write although it loses data. Older gateways do not send it. */
const force = z.boolean().optional();

export const createInstance = plannable({
  ...fromGateway,
  subject: 'reconciler.v1.instance-create',
  input: z.object({ cid: z.string(), type: z.string(), fields: ServiceFields, ...WriteOptions }),
  output: CreatedService,
  idempotent: false,
});

export const listInstances = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-list',
  input: z.object({ cid: z.string(), type: z.string().optional(), ...page }),
  output: z.object({ services: z.array(ServiceSummary), nextCursor: z.string().nullable() }),
  idempotent: true,
});

export const showInstance = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-show',
  input: z.object(instanceName),
  output: Service,
  idempotent: true,
});

export const listApps = request({
  ...fromGateway,
  subject: 'reconciler.v1.app-list',
  input: z.object({ cid: z.string(), ...page }),
  output: z.object({ apps: z.array(AppSummary), nextCursor: z.string().nullable() }),
  idempotent: true,
});

export const showApp = request({
  ...fromGateway,
  subject: 'reconciler.v1.app-show',
  input: z.object({ cid: z.string(), id: z.string() }),
  output: App,
  idempotent: true,
});

/** `clearsAbsent`: fields of an app that may be absent and are not named are cleared; other fields keep their values. */
export const updateInstance = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.instance-update',
  input: z.object({
    ...instanceName,
    fields: ServiceFields,
    force,
    clearsAbsent: z.boolean().optional(),
    ...WriteOptions,
  }),
  output: UpdatedService,
  idempotent: false,
});

export const deleteInstance = plannable({
  ...fromGateway,
  subject: 'reconciler.v1.instance-delete',
  input: z.object({ ...instanceName, ...WriteOptions }),
  output: Accepted,
  idempotent: false,
});

export const restartInstance = request({
  ...triedFromGateway,
  subject: 'reconciler.v1.instance-restart',
  input: z.object({ ...instanceName, force, ...WriteOptions }),
  output: RestartedInstance,
  idempotent: false,
});

export const planInstanceUpgrade = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-upgrade-plan',
  input: z.object({ ...instanceName, ...Upgrade.shape }),
  output: UpgradePlan,
  idempotent: true,
});

export const upgradeInstance = plannable(
  {
    ...triedFromGateway,
    subject: 'reconciler.v1.instance-upgrade',
    input: z.object({ ...instanceName, ...Upgrade.shape, force, ...WriteOptions }),
    output: ChangedSpec,
    idempotent: false,
  },
  'reconciler.v1.instance-upgrade-dry-run',
);

export const acceptInstance = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-accept',
  input: z.object({ ...instanceName, ...AcceptDesired.shape, force, ...WriteOptions }),
  output: ChangedSpec,
  idempotent: false,
});

export const setAdvancedConfig = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.config-set-values',
  input: z.object({ ...instanceName, values: ConfigValues, force, ...WriteOptions }),
  output: ChangedSpec,
  idempotent: false,
});

export const convertToCustomConfig = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.config-convert',
  input: z.object({ ...instanceName, ...WriteOptions }),
  output: CustomConfiguration,
  idempotent: false,
});

export const upgradeConfigSet = plannable({
  ...triedFromGateway,
  subject: 'reconciler.v1.config-upgrade-set',
  input: z.object({ ...instanceName, ...UpgradeConfigSet.shape, force, ...WriteOptions }),
  output: ChangedSpec,
  idempotent: false,
});

/** After the reply, no instance can use the config set. @throws Fault `configset.in_use` with the instances that use it */
export const releaseConfigSet = request({
  ...fromGateway,
  callers: ['config-sets'],
  subject: 'reconciler.v1.config-set-release',
  input: z.object({ setId: z.uuid() }),
  output: z.object({}),
  deadlineMs: 4_000,
  idempotent: true,
});

export const showInstanceStatus = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-status',
  input: z.object(instanceName),
  output: ServiceStatus,
  idempotent: true,
});

/** The reply is sent only after the audit entry is durable. */
export const showInstanceCredentials = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-credentials',
  input: z.object(instanceName),
  output: Credentials,
  idempotent: true,
});

export const listInstanceEvents = request({
  ...fromGateway,
  subject: 'reconciler.v1.instance-events',
  input: z.object({ ...instanceName, ...page }),
  output: ServiceEvents,
  idempotent: true,
});
