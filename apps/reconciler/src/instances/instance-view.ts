import type { App, Service, ServiceState } from '@runos/api';
import { Host } from '@runos/naming';
import { Osid } from '@runos/osid';
import { storedType } from '@runos/service-types';
import { addonNotReady, awaitedAddon, waitingForAddon } from '../addons/awaited-addon.js';
import { credentialsCondition } from '../app-credentials/refused-credentials.js';
import { type ClusterStatusColumns, disconnectReason, domainOf } from '../clusters/cluster-view.js';
import { acceptedAppSpec, acceptedServiceSpec, acceptedSpec, type DesiredSpec } from '../revisions/desired-spec.js';
import { requirementNotReady, waitingForInstances } from './awaited-instances.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { writersCondition } from './writers-condition.js';

type ObservedStatus = Pick<
  InstanceRow,
  'type' | 'state' | 'reason' | 'message' | 'observed_generation' | 'awaited_addons' | 'awaited'
>;

/** Why an instance is in its state. Before the first status of its agent, what it waits for. */
export function instanceReason(instance: Omit<ObservedStatus, 'message'> & { readonly message?: string | null }): {
  readonly reason: string | null;
  readonly message: string | null;
} {
  const { reason, message = null } = instance;
  if (reason !== null || instance.observed_generation !== 0) return { reason, message };
  const addon = awaitedAddon(instance);
  if (addon !== undefined) return { reason: addonNotReady, message: waitingForAddon(addon) };
  const { awaited } = instance;
  if (awaited.length === 0) return { reason, message };
  return { reason: requirementNotReady, message: waitingForInstances(awaited) };
}

/** The observed status while the cluster is connected; otherwise `disconnected` with the last observed status. */
export function instanceStatus(instance: ObservedStatus & ClusterStatusColumns): {
  readonly status: ServiceState;
  readonly lastKnownStatus: ServiceState | null;
  readonly reason: string | null;
  readonly message: string | null;
} {
  const { state } = instance;
  if (instance.ready) return { status: state, lastKnownStatus: null, ...instanceReason(instance) };
  return { status: 'disconnected', lastKnownStatus: state, ...disconnectReason(instance) };
}

/** The ports of an instance that have hosts: those of its type, or those that an app maps. */
export const portsOf = (type: string, spec: DesiredSpec): number[] =>
  (spec.kind === 'app' ? spec.inputs.servicePortMappings : storedType(type).ports).map(({ port }) => port);

/** The hosts of an instance: one for itself, and one per exposed port. */
const hostsOf = (instance: InstanceRow): string[] => {
  const clusterDomain = domainOf(instance);
  const ports = portsOf(instance.type, acceptedSpec(instance));
  return [undefined, ...ports].map((port) => Host.print({ osid: instance.osid, port, clusterDomain }));
};

const requirementView = (osid: string) => {
  const parsed = Osid.parse(osid);
  return { type: parsed?.type ?? '', id: parsed?.id ?? '', osid };
};

/** The part of a view that instances of every kind have. */
function commonView(row: InstanceRow) {
  const { sizing, driftPolicy, allowedWriters = [], autoRollback } = acceptedSpec(row);
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } = sizing;
  return {
    id: row.iid,
    osid: row.osid,
    kind: row.kind,
    type: row.type,
    name: row.name,
    resourceRequirementClassId,
    replicas,
    cpuRequestMc,
    cpuLimitMc,
    memoryRequestMb,
    memoryLimitMb,
    driftPolicy,
    allowedWriters: [...allowedWriters],
    ...(autoRollback === undefined ? {} : { autoRollback }),
    ...instanceStatus(row),
    conditions: [...row.conditions, ...writersCondition(row), ...credentialsCondition(row)],
    generation: row.generation,
    observedGeneration: row.observed_generation,
    hosts: hostsOf(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

export function instanceView(row: InstanceRow): Service {
  const { sizing, version, config, inputs, requires } = acceptedServiceSpec(row);
  return {
    ...inputs,
    ...commonView(row),
    version,
    storageMb: sizing.storageMb ?? 0, // the API has a number; 0 for a type without storage
    configType: config === null || config.setId === null ? 'custom' : 'config_set',
    configSetId: config?.setId ?? null,
    configSetVersion: config?.version ?? null,
    ...(storedType(row.type).config === undefined ? {} : { advanced: config?.values ?? {} }),
    requires: Object.fromEntries(Object.entries(requires).map(([alias, osid]) => [alias, requirementView(osid)])),
  };
}

/** A view of an app: what was given is returned as it was, and what was not stays absent. */
export function appView(row: InstanceRow): App {
  const { inputs } = acceptedAppSpec(row);
  const port = inputs.servicePortMappings[0]?.port ?? null;
  return { ...inputs, ...row.source, ...commonView(row), deployType: 'image', port };
}
