import type { Service, ServiceState } from '@runos/api';
import { Host } from '@runos/naming';
import { Osid } from '@runos/osid';
import { storedType } from '@runos/service-types';
import { addonNotReady, awaitedAddon, waitingForAddon } from '../addons/awaited-addon.js';
import { type ClusterStatusColumns, disconnectReason, domainOf } from '../clusters/cluster-view.js';
import { deliveredWriters } from '../delivery/delivered-writers.js';
import { acceptedSpec } from '../revisions/desired-spec.js';
import type { InstanceRow } from '../schema/instance-row.js';
import { writersCondition } from './writers-condition.js';

type ObservedStatus = Pick<
  InstanceRow,
  'type' | 'state' | 'reason' | 'message' | 'observed_generation' | 'awaited_addons'
>;

/** Why an instance is in its state. Before the first status of its agent, the add-on that it waits for. */
export function instanceReason(instance: Omit<ObservedStatus, 'message'> & { readonly message?: string | null }): {
  readonly reason: string | null;
  readonly message: string | null;
} {
  const { reason, message = null } = instance;
  const addon = reason === null ? awaitedAddon(instance) : undefined;
  return addon === undefined ? { reason, message } : { reason: addonNotReady, message: waitingForAddon(addon) };
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

const scaledFields: ReadonlySet<string> = new Set(['spec.replicas', 'spec.instances']);

/** Where a named writer, such as a scaler, sets the number of replicas, the cluster knows what is desired. */
export function instanceReplicas(row: InstanceRow): { readonly desired: number; readonly ready: number } {
  const writers = deliveredWriters(row).allowedWriters ?? [];
  const isScaled = writers.some(({ fields }) => fields.some((field) => scaledFields.has(field)));
  const desired = acceptedSpec(row).sizing.replicas;
  return { desired: isScaled ? (row.desired_replicas ?? desired) : desired, ready: row.ready_replicas };
}

/** The hosts of an instance: one for itself, and one per exposed port. */
const hostsOf = (instance: Pick<InstanceRow, 'osid' | 'type' | 'cid' | 'aid' | 'root'>): string[] => {
  const clusterDomain = domainOf(instance);
  const ports = storedType(instance.type).ports.map(({ port }) => port);
  return [undefined, ...ports].map((port) => Host.print({ osid: instance.osid, port, clusterDomain }));
};

const requirementView = (osid: string) => {
  const parsed = Osid.parse(osid);
  return { type: parsed?.type ?? '', id: parsed?.id ?? '', osid };
};

export function instanceView(row: InstanceRow): Service {
  const { sizing, version, driftPolicy, allowedWriters = [], config, inputs, requires } = acceptedSpec(row);
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } = sizing;
  return {
    ...inputs,
    id: row.iid,
    osid: row.osid,
    kind: row.kind,
    type: row.type,
    name: row.name,
    version,
    resourceRequirementClassId,
    replicas,
    cpuRequestMc,
    cpuLimitMc,
    memoryRequestMb,
    memoryLimitMb,
    storageMb: sizing.storageMb ?? 0, // the API has a number; 0 for a type without storage
    driftPolicy,
    allowedWriters: [...allowedWriters],
    configType: config === null || config.setId === null ? 'custom' : 'config_set',
    configSetId: config?.setId ?? null,
    configSetVersion: config?.version ?? null,
    ...(storedType(row.type).config === undefined ? {} : { advanced: config?.values ?? {} }),
    requires: Object.fromEntries(Object.entries(requires).map(([alias, osid]) => [alias, requirementView(osid)])),
    ...instanceStatus(row),
    conditions: [...row.conditions, ...writersCondition(row)],
    generation: row.generation,
    observedGeneration: row.observed_generation,
    hosts: hostsOf(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
