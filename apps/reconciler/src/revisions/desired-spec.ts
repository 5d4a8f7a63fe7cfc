import type { InstanceKind } from '@runos/api';
import type { Sizing } from '@runos/contracts';
import { canonicalJson, type FieldWriter } from '@runos/kube-objects';

/** The resolved spec: with the identity and the secrets of an instance it determines every object. */
export interface ServiceSpec {
  readonly kind: 'service';
  readonly version: string;
  /** Pinned: an upgrade of the plane never changes running objects. */
  readonly rendererVersion: number;
  readonly sizing: Sizing;
  /** The fields that only its type has, with their defaults. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** OSIDs of the instances that it needs, by alias. */
  readonly requires: Readonly<Record<string, string>>;
  readonly driftPolicy: 'repair' | 'report';
  /** Absent: none. The objects are rendered with these fields; the agent leaves them to the writers. */
  readonly allowedWriters?: readonly FieldWriter[] | undefined;
  /** The settings of the service; null: there are none, and they are custom. */
  readonly config: PinnedConfig | null;
  /** The time of the last restart request, ISO 8601; a new value in the pod template replaces the pods. */
  readonly restartedAt: string | null;
  /** Replaces the registry of the images; pinned, so that a new setting restarts no pods. */
  readonly imageRegistry: string | null;
}

/** The specs by the kind of their instance; a new kind is a new member. */
interface SpecOfKind extends Record<InstanceKind, { readonly kind: InstanceKind }> {
  readonly service: ServiceSpec;
}

/** The spec of an instance of any kind; `kind` discriminates. */
export type DesiredSpec = SpecOfKind[InstanceKind];

/** The version of a config set with its values, or custom values, which have no set and no version. */
export interface PinnedConfig {
  readonly setId: string | null;
  readonly version: string | null;
  readonly values: Readonly<Record<string, string>>;
}

/** The spec that the last accepted write desires: that of the queued rollout, or else that of the current revision. */
export const acceptedSpec = ({
  spec,
  queued_spec,
}: {
  readonly spec: DesiredSpec;
  readonly queued_spec: DesiredSpec | null;
}): DesiredSpec => queued_spec ?? spec;

/** Whether two specs are equal in every field. The order of their keys does not count. */
export const isSameSpec = (a: DesiredSpec, b: DesiredSpec): boolean => canonicalJson(a) === canonicalJson(b);

/** A spec with these writers. Without any, it is equal to a spec of a build that did not know them. */
export function withWriters(
  { allowedWriters: _, ...spec }: DesiredSpec,
  writers: readonly FieldWriter[] = [],
): DesiredSpec {
  return writers.length === 0 ? spec : { ...spec, allowedWriters: writers };
}

/** `config set <id> v2`, or `3 custom settings`. */
export function describeConfig({ setId, version, values }: PinnedConfig): string {
  if (setId !== null) return `config set ${setId} ${version ?? ''}`;
  const count = Object.keys(values).length;
  return `${count} custom ${count === 1 ? 'setting' : 'settings'}`;
}

/** An earlier spec, but with the storage that the volumes have grown to since: they never shrink. */
export function keepGrownStorage(
  earlier: DesiredSpec,
  { spec, volume_capacity_mb: capacityMb }: { readonly spec: DesiredSpec; readonly volume_capacity_mb: number | null },
): DesiredSpec {
  const [before, current] = [earlier.sizing.storageMb, spec.sizing.storageMb];
  if (before === null || current === null || capacityMb === null) return earlier;
  const storageMb = Math.max(before, Math.min(current, capacityMb));
  return { ...earlier, sizing: { ...earlier.sizing, storageMb } };
}

/** A spec as one log line. */
export function describeSpec({ version, sizing, config }: DesiredSpec): string {
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } = sizing;
  const storage = sizing.storageMb === null ? '' : `, ${sizing.storageMb} MiB of storage`;
  const pinned = config === null ? '' : `, ${describeConfig(config)}`;
  return `Version ${version}, class ${resourceRequirementClassId}: ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, cpu ${cpuRequestMc}/${cpuLimitMc} m, memory ${memoryRequestMb}/${memoryLimitMb} MiB${storage}${pinned}.`;
}
