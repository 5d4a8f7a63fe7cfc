import type { InstanceKind } from '@runos/api';
import type { Sizing } from '@runos/contracts';
import { canonicalJson, type FieldWriter } from '@runos/kube-objects';
import type { Overrides } from '@runos/overrides';
import type { AppFields } from '@runos/service-types';
import type { Environment } from '../environment/environment.js';
import type { PullCredentials } from '../registries/pull-credentials.js';

/** What the specs of all kinds have: with the identity and the secrets of an instance a spec determines every object. */
interface InstanceSpec {
  /** Pinned: an upgrade of the plane never changes running objects. */
  readonly rendererVersion: number;
  readonly sizing: Sizing;
  /** OSIDs of the instances that it needs, by alias. */
  readonly requires: Readonly<Record<string, string>>;
  readonly driftPolicy: 'repair' | 'report';
  /** Absent: none. The objects are rendered with these fields; the agent leaves them to the writers. */
  readonly allowedWriters?: readonly FieldWriter[] | undefined;
  /** Whether a failed rollout goes back by itself. Absent: it does not, and none was given. */
  readonly autoRollback?: boolean | undefined;
  /** Absent: none. They patch the rendered objects. */
  readonly overrides?: Overrides | undefined;
  /** The time of the last restart request, ISO 8601; a new value in the pod template replaces the pods. */
  readonly restartedAt: string | null;
}

export interface ServiceSpec extends InstanceSpec {
  readonly kind: 'service';
  readonly version: string;
  /** The fields that only its type has, with their defaults. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The settings of the service; null: there are none, and they are custom. */
  readonly config: PinnedConfig | null;
  /** Replaces the registry of the images; pinned, so that a new setting restarts no pods. */
  readonly imageRegistry: string | null;
}

export interface AppSpec extends InstanceSpec {
  readonly kind: 'app';
  /** The fields that only apps have, as they were given. */
  readonly inputs: AppFields;
  readonly environment: Environment;
  /** Absent: the account has none of the registry of the image. */
  readonly pullCredentials?: PullCredentials | undefined;
  /** The variables that each link sets, by alias and credential. The instances are in `requires`. */
  readonly links: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The specs by the kind of their instance; a new kind is a new member. */
interface SpecOfKind extends Record<InstanceKind, { readonly kind: InstanceKind }> {
  readonly service: ServiceSpec;
  readonly app: AppSpec;
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

/** As `acceptedSpec`, for a service: an app has no such fields. */
export function acceptedServiceSpec(row: Parameters<typeof acceptedSpec>[0]): ServiceSpec {
  const spec = acceptedSpec(row);
  if (spec.kind === 'service') return spec;
  throw new Error(`the spec is that of ${spec.kind}, not of a service`);
}

/** As `acceptedSpec`, for an app. */
export function acceptedAppSpec(row: Parameters<typeof acceptedSpec>[0]): AppSpec {
  const spec = acceptedSpec(row);
  if (spec.kind === 'app') return spec;
  throw new Error(`the spec is that of ${spec.kind}, not of an app`);
}

/** The settings of a spec; an app has none. */
export const settingsOf = (spec: DesiredSpec): Readonly<Record<string, string>> =>
  spec.kind === 'service' ? (spec.config?.values ?? {}) : {};

/** Whether two specs are equal in every field. The order of their keys does not count. */
export const isSameSpec = (a: DesiredSpec, b: DesiredSpec): boolean => canonicalJson(a) === canonicalJson(b);

/** Whether overrides patch the objects of a spec. */
export const hasOverrides = ({ overrides }: DesiredSpec): boolean =>
  overrides?.files.some(({ enabled }) => enabled) ?? false;

/** A spec with these writers. Without any, it is equal to a spec of a build that did not know them. */
export function withWriters<S extends DesiredSpec>(spec: S, writers: readonly FieldWriter[] = []): S {
  const { allowedWriters: _, ...rest } = spec;
  return { ...rest, ...(writers.length === 0 ? {} : { allowedWriters: writers }) } as S;
}

/** A spec with this switch. Without it, it is equal to a spec of a build that did not know the switch. */
export function withAutoRollback<S extends DesiredSpec>(spec: S, autoRollback: boolean | null | undefined): S {
  const { autoRollback: _, ...rest } = spec;
  return { ...rest, ...(autoRollback === undefined || autoRollback === null ? {} : { autoRollback }) } as S;
}

/** A spec with these overrides. Without any, it is equal to a spec of a build that did not know them. */
export function withOverrides<S extends DesiredSpec>(spec: S, overrides: Overrides | undefined): S {
  const { overrides: _, ...rest } = spec;
  return { ...rest, ...(overrides === undefined ? {} : { overrides }) } as S;
}

/** A spec with these pull credentials. Without any, it is equal to a spec of a build that did not know them. */
export function withPullCredentials(spec: AppSpec, pullCredentials: PullCredentials | undefined): AppSpec {
  const { pullCredentials: _, ...rest } = spec;
  return { ...rest, ...(pullCredentials === undefined ? {} : { pullCredentials }) };
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
export function describeSpec(spec: DesiredSpec): string {
  const { resourceRequirementClassId, replicas, cpuRequestMc, cpuLimitMc, memoryRequestMb, memoryLimitMb } =
    spec.sizing;
  const storage = spec.sizing.storageMb === null ? '' : `, ${spec.sizing.storageMb} MiB of storage`;
  const pinned = spec.kind === 'app' || spec.config === null ? '' : `, ${describeConfig(spec.config)}`;
  const subject = spec.kind === 'app' ? `Image ${spec.inputs.image}` : `Version ${spec.version}`;
  return `${subject}, class ${resourceRequirementClassId}: ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, cpu ${cpuRequestMc}/${cpuLimitMc} m, memory ${memoryRequestMb}/${memoryLimitMb} MiB${storage}${pinned}.`;
}
